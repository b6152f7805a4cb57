"""The cache service: published releases over Arrow Flight SQL, answered from memory-mapped Arrow files.

    server.py     thin edge: Flight SQL messages in, Arrow out          questions.py, metadata.py
    engine.py     a question -> cached answer, or a worker's            results.py
    catalogue.py  which release is current, what a release holds        store.py, schemas.py, system.py
    pool.py       processes that may be killed                          worker.py, wire.py

The front (everything but worker.py) never parses, plans or runs a statement: only workers do, and any of them may
crash. Nothing is pushed to it: a request that finds the pointer's last reading older than a second reads it again.
"""
