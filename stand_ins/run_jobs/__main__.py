"""Command line of the stand-in."""

import sys
from pathlib import Path

import structlog

import stand_ins.run_jobs
from stand_ins import google_rest, processes
from stand_ins.run_jobs import job_file
from stand_ins.run_jobs.api import create_app
from stand_ins.run_jobs.executions import Executions
from stand_ins.yaml_file import Refused


def main() -> None:
    """Serve until SIGTERM or Ctrl-C, then end the tasks."""
    parser = processes.command_line("stand_ins.run_jobs", stand_ins.run_jobs.__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder that remembers executions across restarts")
    parser.add_argument("--logs", type=Path, required=True, help="<job>.log and <job>/<execution>.log go here")
    parser.add_argument("--jobs", type=Path, required=True, help="YAML: name -> {command, env, timeout_s}")
    arguments = parser.parse_args()
    processes.set_up()
    try:
        jobs = job_file.load(arguments.jobs)
    except Refused as error:
        sys.exit(str(error))
    port = processes.listen(arguments.port)
    executions = Executions(arguments.state, arguments.logs)
    structlog.get_logger().info("serving", port=arguments.port, jobs=sorted(jobs))
    google_rest.serve(create_app(jobs, executions), port)
    executions.stop()


if __name__ == "__main__":
    main()
