"""Policies of our own for checkov: policies.py."""
