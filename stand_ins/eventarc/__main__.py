"""Command line of the stand-in."""

import argparse
import re
from pathlib import Path

import structlog

import stand_ins.eventarc
from stand_ins import processes
from stand_ins.eventarc import publisher
from stand_ins.eventarc.delivery import deliver_for_ever
from stand_ins.eventarc.outbox import Outbox
from stand_ins.eventarc.publisher import Trigger

TIME_SCALE = 0.1  # on a laptop a person waits: 1 s to 1 min for 2.4 h


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = processes.command_line("stand_ins.eventarc", stand_ins.eventarc.__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps undelivered events")
    parser.add_argument(
        "--trigger", type=_trigger, action="append", default=[], help="bucket=NAME,url=URL; may be repeated"
    )
    parser.add_argument(
        "--time-scale",
        type=float,
        default=TIME_SCALE,
        help="factor on Eventarc's times: 1 waits 10 s to 600 s between attempts, for 24 h (default: %(default)s)",
    )
    arguments = parser.parse_args()
    processes.set_up()
    server = processes.grpc_server(arguments.port)
    outbox = Outbox(arguments.state, time_scale=arguments.time_scale)
    publisher.serve(server, outbox, arguments.trigger)
    deliver_for_ever(outbox)
    structlog.get_logger().info("serving", port=arguments.port, triggers=[str(t) for t in arguments.trigger])
    processes.wait_for_end()
    server.stop(grace=1).wait()


def _trigger(text: str) -> Trigger:
    fields = re.fullmatch(r"bucket=([^,]+),url=(https?://.+)", text)
    if fields is None:
        raise argparse.ArgumentTypeError(f"bucket=NAME,url=URL is expected, found {text!r}")
    return Trigger(bucket=fields[1], url=fields[2])


if __name__ == "__main__":
    main()
