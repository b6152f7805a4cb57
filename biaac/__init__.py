"""What rooms share: errors, settings, clients, objects, files, connections, Airbyte, Bronze names, releases, runs.

Imports nothing of the project; every other room may import it.
"""
