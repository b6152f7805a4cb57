"""Start the server: see the package."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from biaac.errors import BiaacError
from stand_ins.workflows import __doc__ as about
from stand_ins.workflows import grpc_api, program
from stand_ins.workflows.service import Service

SUFFIX = ".workflows.yaml"


def main() -> None:
    """Load every file, refuse what is unknown, serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--source", type=Path, action="append", required=True, help="a *.workflows.yaml file")
    parser.add_argument("--project", required=True)
    parser.add_argument("--location", required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a user variable")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stdout)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each poll of an operation says nothing
    try:
        programs = {path.name.removesuffix(SUFFIX): program.load(path) for path in arguments.source}
    except BiaacError as error:
        sys.exit(str(error))
    environment = dict(map(_variable, arguments.set))
    environment |= {"GOOGLE_CLOUD_PROJECT_ID": arguments.project, "GOOGLE_CLOUD_LOCATION": arguments.location}
    parent = f"projects/{arguments.project}/locations/{arguments.location}"
    try:
        server = grpc_api.listen(arguments.port)
    except OSError as error:
        sys.exit(f"{error}\n  next: end what listens there, or choose another --port")
    grpc_api.serve(server, Service(arguments.state, programs, environment), parent=parent)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    logging.info("serving %s on 127.0.0.1:%s", ", ".join(programs), arguments.port)
    ended.wait()
    server.stop(grace=0)


def _variable(pair: str) -> tuple[str, str]:
    """https://cloud.google.com/workflows/docs/use-environment-variables#reserved-names."""
    name, equals, value = pair.partition("=")
    if not (name and equals) or name.startswith(("GOOGLE_", "WORKFLOWS_")):
        sys.exit(f"--set: NAME=VALUE, NAME not beginning with GOOGLE_ or WORKFLOWS_, found {pair!r}")
    return name, value


if __name__ == "__main__":
    main()
