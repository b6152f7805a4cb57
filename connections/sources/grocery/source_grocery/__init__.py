"""Airbyte source ``grocery``: a real retailer's tables, served as its till system would serve them day by day."""
