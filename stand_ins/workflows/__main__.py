"""Command line of the stand-in."""

import sys
from pathlib import Path

import structlog

import stand_ins.workflows
from stand_ins import processes
from stand_ins.workflows import grpc_api, loader
from stand_ins.workflows.service import Service
from stand_ins.yaml_file import Refused

SUFFIX = ".workflows.yaml"


def main() -> None:
    """Load every file, refuse what is unknown, serve until SIGTERM or Ctrl-C."""
    parser = processes.command_line("stand_ins.workflows", stand_ins.workflows.__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps the executions")
    parser.add_argument("--source", type=Path, action="append", required=True, help="NAME.workflows.yaml; repeatable")
    parser.add_argument("--project", required=True)
    parser.add_argument("--location", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a user variable")
    arguments = parser.parse_args()
    processes.set_up()
    try:
        programs = {path.name.removesuffix(SUFFIX): loader.load(path) for path in arguments.source}
    except Refused as error:
        sys.exit(str(error))
    environment = dict(map(_variable, arguments.set))
    environment |= {"GOOGLE_CLOUD_PROJECT_ID": arguments.project, "GOOGLE_CLOUD_LOCATION": arguments.location}
    server = processes.grpc_server(arguments.port)
    parent = f"projects/{arguments.project}/locations/{arguments.location}"
    grpc_api.serve(server, Service(arguments.state, programs, environment), parent=parent)
    structlog.get_logger().info("serving", port=arguments.port, workflows=sorted(programs))
    processes.wait_for_end()
    server.stop(grace=0)


def _variable(pair: str) -> tuple[str, str]:
    """https://cloud.google.com/workflows/docs/use-environment-variables#reserved-names."""
    name, equals, value = pair.partition("=")
    if not (name and equals) or name.startswith(("GOOGLE_", "WORKFLOWS_")):
        sys.exit(f"--set: NAME=VALUE, NAME not beginning with GOOGLE_ or WORKFLOWS_, found {pair!r}")
    return name, value


if __name__ == "__main__":
    main()
