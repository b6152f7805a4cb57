"""The laptop: a supervisor, and one stand-in for each Google service. Only the command line and tests import it.

Each stand-in is a server with the real one's protocol and quirks, started alone by one line, and knows nothing of
this product.
"""
