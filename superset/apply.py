"""Job ``superset-apply``: make Superset equal to ``superset/dashboards/*.yaml`` and print what changed, as JSON lines.

    .biaac/envs/superset/bin/python superset/apply.py [--plan]

``--plan`` prints the same lines and changes nothing.
"""

import argparse
import json
from dataclasses import asdict

from biaac.errors import ends
from reconciler.reconcile import reconcile, start_superset
from settings import SupersetSettings


def main() -> None:
    """Parse, reconcile, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", action="store_true", help="change nothing")
    done = reconcile(SupersetSettings.load(), start_superset, plan=parser.parse_args().plan)
    for change in done.changes:
        print(json.dumps(asdict(change)))
    for note in done.notes:
        print(json.dumps({"waits": note}))
    warmed = done.warmed.requests if done.warmed else 0
    print(json.dumps({"release": done.release, "changes": len(done.changes), "warmed": warmed}))


if __name__ == "__main__":
    ends(main)
