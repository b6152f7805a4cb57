"""What runs inside Superset: dialect and engine spec of the cache service, and a result cache that follows the release."""
