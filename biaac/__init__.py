"""The words every room shares: errors, settings, clients, objects, files, connections, releases, runs.

Imports nothing of the project; every other room may import it.
"""
