"""Runs in Superset's own environment: what the jobs do, again and again without starting Superset each time.

Reads a line of JSON (``{"plan": false}``), answers with one: what changed, or the error a job would have ended with.
"""

import json
import sys
from dataclasses import asdict

from biaac.errors import BiaacError
from reconciler.reconcile import reconcile, start_superset
from settings import SupersetSettings


def main() -> None:
    app = start_superset()
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        try:
            done = reconcile(SupersetSettings.load(), lambda: app, plan=json.loads(line)["plan"])
            answer = {"changes": [asdict(change) for change in done.changes], "release": done.release}
        except BiaacError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
