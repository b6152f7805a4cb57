"""The cache service: published releases over Arrow Flight SQL, answered from memory-mapped Arrow files.

    server.py     thin edge: Flight SQL messages in, Arrow out          questions.py, metadata.py
    engine.py     a question -> cached answer, or a worker's            results.py
    tables.py     what a worker reads for a table                       store.py, schemas.py, system.py
    catalogue.py  which release is current, what a release holds
    pool.py       processes that may be killed                          worker.py, wire.py

The front (everything but worker.py) never parses, plans or runs a statement: only workers do, and any of them may
crash. A question pins its release once (``Catalogue.pin``) and carries it. Nothing is pushed to the service: a
request that finds the pointer's last reading older than a second reads it again.
"""
