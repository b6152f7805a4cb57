"""The fixtures of the gateways, for real data."""

from tests.component.gateways.conftest import cloud, grocery, jobs, laptop, metadata, postgres, s3

__all__ = ["cloud", "grocery", "jobs", "laptop", "metadata", "postgres", "s3"]
