"""Command line of the stand-in."""

import argparse
import sys
from pathlib import Path

import structlog
from pydantic import RootModel

import stand_ins.run_jobs
from biaac import files
from biaac.errors import PermanentError
from stand_ins import google_rest
from stand_ins.run_jobs.api import create_app
from stand_ins.run_jobs.executions import Executions, Job


class JobsFile(RootModel[dict[str, Job]]):
    """``name: {command: [...], env: {...}, timeout_s: 600}`` for each job."""


def main() -> None:
    """Serve until SIGTERM or Ctrl-C, then end the tasks."""
    parser = argparse.ArgumentParser(
        prog="python -m stand_ins.run_jobs",
        description=stand_ins.run_jobs.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder that remembers executions across restarts")
    parser.add_argument("--logs", type=Path, required=True, help="<job>.log and <job>/<execution>.log go here")
    parser.add_argument("--jobs", type=Path, required=True, help="YAML: name -> {command, env, timeout_s}")
    arguments = parser.parse_args()
    google_rest.set_up_process()
    try:
        jobs = files.load(arguments.jobs, JobsFile).root
    except PermanentError as error:
        sys.exit(str(error))
    port = google_rest.listen(arguments.port)
    executions = Executions(arguments.state, arguments.logs)
    structlog.get_logger().info("serving", port=arguments.port, jobs=sorted(jobs))
    google_rest.serve(create_app(jobs, executions), port)
    executions.stop()


if __name__ == "__main__":
    main()
