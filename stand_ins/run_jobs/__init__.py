"""Cloud Run jobs on the laptop: the Admin API v2 over REST, each execution a process group of this machine.

    python -m stand_ins.run_jobs --port 18084 --state DIR --logs DIR --jobs FILE.yaml

A job is a command instead of an image. As in the cloud, the death of the API ends no task: a restarted stand-in
follows the tasks that still run and learns how the others ended. SIGTERM or Ctrl-C ends the tasks too: that is the
laptop being switched off.
"""
