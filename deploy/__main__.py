"""The build's own commands: ``python -m deploy COMMAND``.

    inputs                        what Terraform gets from this build
    apply                         the saved plan
    job NAME [ARGUMENT ...]       a Cloud Run job, to its end
    models                        where the transform changed: its plan, and a run of the workflow to its end
    dashboards                    Superset as its files say, once there is a release
    smoke                         is everything as deployed? Then it is what a later failure goes back to
    roll-back                     go back to the last good deployment

From ``apply`` to ``smoke`` a failure goes back by itself, and the command still fails.
"""

import argparse
import sys
from collections.abc import Callable

import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError

from biaac.errors import BiaacError
from deploy import inputs, jobs, roll_back, smoke, terraform
from deploy.settings import DeploySettings
from deploy.waiting import Stopped, within


def guarded(settings: DeploySettings, name: str, seconds: int, work: Callable[[], None]) -> None:
    """Do ``work``; whatever ends it early, what was good before runs again, and the failure stays one."""
    try:
        with within(seconds, name):
            work()
    except BaseException as error:  # also a signal: half a deployment must not be left running
        print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        roll_back.everything(settings)
        raise


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("inputs")
    commands.add_parser("roll-back")
    for name in ("apply", "job", "models", "dashboards", "smoke"):
        command = commands.add_parser(name)
        command.add_argument("--within", type=int, required=True, metavar="SECONDS", help="then it has failed")
        if name == "job":
            command.add_argument("name")
            command.add_argument("argument", nargs="*")
    return parser.parse_args()


def main() -> None:
    """Parse, do one thing; exit 0 when it is done."""
    arguments = _parsed()
    try:
        settings = DeploySettings.load()
        if arguments.command == "inputs":
            print(inputs.write(settings))
        elif arguments.command == "roll-back":
            roll_back.everything(settings)
        else:
            seconds = arguments.within
            works: dict[str, Callable[[], None]] = {
                "apply": lambda: terraform.apply(settings),
                "job": lambda: jobs.run(settings, arguments.name, arguments.argument, seconds=seconds),
                "models": lambda: jobs.models(settings, seconds=seconds),
                "dashboards": lambda: jobs.dashboards(settings, seconds=seconds),
                "smoke": lambda: smoke.test(settings),
            }
            guarded(settings, arguments.command, seconds, works[arguments.command])
    except (BiaacError, exceptions.GoogleAPIError, GoogleAuthError, requests.RequestException, Stopped) as error:
        sys.exit(f"{arguments.command}: {error}")


if __name__ == "__main__":
    main()
