"""Airbyte without an Airbyte server: connectors run as Cloud Run jobs, Bronze written, the public API in front.

Imports ``biaac`` only.
"""
