"""What the next build would do to the models because this checkout differs from what the lake was built with."""

from biaac.clients import storage_client
from transform import lake_state
from transform.build import Lake
from transform.engine import Engine
from transform.progress import print_line
from transform.settings import LakeSettings


def show(settings: LakeSettings) -> None:
    """Print it. Needs no lock: it works on a copy."""
    bucket = storage_client(settings).bucket(settings.lake_bucket)
    with lake_state.fetched(bucket, settings) as state, Lake(settings.models, Engine(state.settings)) as lake:
        changes = lake.changes()
    for line in changes:
        print_line(line)
    print_line(f"{len(changes)} models would change" if changes else "no model would change")
