"""Job ``superset-refresh``: after a promotion, dashboards follow the release and its first viewer does not wait.

    .biaac/envs/superset/bin/python superset/refresh.py --release 000012-3f9ab2c41d7e

Level-triggered: it brings Superset to the release that is current when it runs, which may be newer than the one named,
and to the files, should they have changed.
"""

import argparse

from biaac.errors import ends
from reconciler.reconcile import reconcile, start_superset
from settings import SupersetSettings


def main() -> None:
    """Parse, reconcile, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", required=True, help="the release whose promotion this follows")
    promoted = parser.parse_args().release
    done = reconcile(SupersetSettings.load(), start_superset)
    assert done.warmed is not None  # noqa: S101  # only a plan warms nothing
    instead = "" if done.release == promoted else f" (current now, instead of {promoted})"
    print(f"release {done.release}{instead}: {len(done.changes)} changes, {done.warmed.requests} requests warmed")


if __name__ == "__main__":
    ends(main)
