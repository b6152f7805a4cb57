"""Cloud Run jobs on one machine: the Admin API v2 over REST, each execution a process group of its own.

    python -m stand_ins.run_jobs --port 9004 --state DIR --logs DIR --jobs FILE.yaml

A job is a command instead of an image. As in the cloud, the death of the API ends no task: a restarted stand-in
follows the tasks that still run and learns how the others ended. SIGTERM or Ctrl-C ends the tasks too.
"""
