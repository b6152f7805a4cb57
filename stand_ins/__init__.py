"""Servers that speak the protocols of five Google Cloud services, on one machine: see README.md."""
