"""The laptop: a supervisor that runs the stack on stand-ins. Only the command line and tests import it."""
