"""Command line of the stand-in."""

from datetime import timedelta
from pathlib import Path

import structlog

import stand_ins.scheduler
from stand_ins import google_rest, processes
from stand_ins.scheduler.api import create_app
from stand_ins.scheduler.clock import Clock
from stand_ins.scheduler.schedules import JobStore


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; a run cut off by it happens again at the next start."""
    parser = processes.command_line("stand_ins.scheduler", stand_ins.scheduler.__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps the jobs")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="run each job at this interval, not by its cron")
    arguments = parser.parse_args()
    processes.set_up()
    port = processes.listen(arguments.port)
    store = JobStore(arguments.state)
    clock = Clock(store, every=timedelta(seconds=arguments.every) if arguments.every else None)
    clock.start()
    structlog.get_logger().info("serving", port=arguments.port, jobs=[job.name for job in store.all()])
    google_rest.serve(create_app(store, clock), port)


if __name__ == "__main__":
    main()
