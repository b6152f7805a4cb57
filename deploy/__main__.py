"""The build's own commands: ``python -m deploy COMMAND``.

    inputs                        what Terraform is told of this build
    apply                         the saved plan
    job NAME [ARGUMENT ...]       a Cloud Run job, to its end
    connections                   schedules of syncs, as their files say
    refresh                       a run of the workflow, to its end
    dashboards                    Superset as its files say, once there is a release
    smoke                         is all that was deployed well? Then it is what a later failure goes back to
    roll-back                     go back to the last good deployment

From ``apply`` to ``smoke`` a failure goes back by itself, and the command still fails.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable

import requests
from google.api_core import exceptions

from biaac import releases
from biaac.clients import storage_client
from biaac.errors import BiaacError
from biaac.settings import ROOT
from deploy import inputs, jobs, refresh, roll_back, smoke, terraform
from deploy.settings import DeploySettings
from deploy.waiting import Stopped, within


def connections(settings: DeploySettings) -> None:
    """``biaac connections apply`` against what was applied."""
    command = [sys.executable, "-m", "cli", "connections", "apply", "--yes"]
    subprocess.run(command, cwd=ROOT, env=terraform.environment(settings), check=True)


def dashboards(settings: DeploySettings, seconds: int) -> None:
    """The job ``superset-apply``; before the first release dashboards have nothing to show, and its run makes them."""
    lake = storage_client(settings).bucket(settings.lake_bucket)
    if releases.current(lake, settings.environment) is None:
        print("dashboards: no release yet; the run that publishes the first makes them")
        return
    jobs.run(settings, "superset-apply", [], seconds=seconds)


def guarded(settings: DeploySettings, name: str, seconds: int, work: Callable[[], None]) -> None:
    """Do ``work``; whatever ends it early, what was good before runs again, and the failure stays one."""
    try:
        with within(seconds, name):
            work()
    except BaseException as error:  # also a signal: half a deployment must not be left running
        print(f"{name} failed: {error}", file=sys.stderr, flush=True)
        roll_back.everything(settings)
        raise


def main() -> None:
    """Parse, do one thing; exit 0 when it is done."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("inputs")
    commands.add_parser("roll-back")
    for name in ("apply", "job", "connections", "refresh", "dashboards", "smoke"):
        command = commands.add_parser(name)
        command.add_argument("--within", type=int, required=True, metavar="SECONDS", help="then it has failed")
        if name == "job":
            command.add_argument("name")
            command.add_argument("argument", nargs="*")
    asked = parser.parse_args()
    try:
        _do(DeploySettings.load(), asked)
    except (BiaacError, exceptions.GoogleAPICallError, exceptions.RetryError, requests.RequestException) as error:
        sys.exit(f"{asked.command}: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{asked.command}: ended with {error.returncode}")
    except Stopped as stopped:
        sys.exit(str(stopped))


def _do(settings: DeploySettings, asked: argparse.Namespace) -> None:
    if asked.command == "inputs":
        print(inputs.write(settings))
        return
    if asked.command == "roll-back":
        roll_back.everything(settings)
        return
    seconds = asked.within
    works: dict[str, Callable[[], None]] = {
        "apply": lambda: terraform.apply(settings),
        "job": lambda: jobs.run(settings, asked.name, asked.argument, seconds=seconds),
        "connections": lambda: connections(settings),
        "refresh": lambda: refresh.run(settings, seconds=seconds),
        "dashboards": lambda: dashboards(settings, seconds),
        "smoke": lambda: smoke.test(settings),
    }
    guarded(settings, asked.command, seconds, works[asked.command])


if __name__ == "__main__":
    main()
