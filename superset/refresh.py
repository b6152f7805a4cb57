"""Job ``superset-refresh``: dashboards follow the release. Two steps of the workflow, before and after a promotion.

    .biaac/envs/superset/bin/python superset/refresh.py --check 000012-3f9ab2c41d7e --execution 6096174f
    .biaac/envs/superset/bin/python superset/refresh.py --release 000012-3f9ab2c41d7e

``--check``: whether every dashboard fits a candidate; if not, the run is rejected, and the exit code is 2.
``--release`` is level-triggered: it brings Superset to the release that is current when it runs, which may be newer
than the one named, and to the files, should they have changed; so that its first viewer does not wait.
"""

import argparse

from biaac.errors import ends
from settings import SupersetSettings


def main() -> None:
    """Parse, check or reconcile, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    release = parser.add_mutually_exclusive_group(required=True)
    release.add_argument("--release", help="the release whose promotion this follows")
    release.add_argument("--check", help="the candidate to check")
    parser.add_argument("--execution", help="the workflow execution whose run a candidate that does not fit rejects")
    arguments = parser.parse_args()
    if arguments.check:
        if not arguments.execution:
            parser.error("--check needs --execution")
        check(arguments.check, arguments.execution)
    else:
        follow(arguments.release)


def check(candidate: str, execution: str) -> None:
    """Before a promotion."""
    from reconciler.candidate import check

    bundle = check(SupersetSettings.load(), candidate, execution=execution)
    print(*bundle.waiting.values(), f"{len(bundle.dashboards)} dashboards fit release {candidate}", sep="\n")


def follow(promoted: str) -> None:
    """After a promotion."""
    from reconciler.reconcile import reconcile, start_superset

    done = reconcile(SupersetSettings.load(), start_superset)
    assert done.warmed is not None  # noqa: S101  # only a plan warms nothing
    instead = "" if done.release == promoted else f" (current now, instead of {promoted})"
    print(*done.notes, sep="\n")
    print(f"release {done.release}{instead}: {len(done.changes)} changes, {done.warmed.requests} requests warmed")


if __name__ == "__main__":
    ends(main)
