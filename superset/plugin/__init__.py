"""What runs inside Superset: dialect and engine spec of the cache service, a result cache that follows the release."""
