"""Cloud Scheduler on one machine: the v1 API over REST, HTTP targets called by cron.

    python -m stand_ins.scheduler --port 9005 --state DIR [--every SECONDS]

As in the cloud a run is at least once: one that was due while the stand-in was down, or that a crash cut off, happens
at its next start. Runs of one schedule never overlap: times that pass while a run and its retries last are skipped.
`--every` is a clock for demonstrations: each enabled job runs at its creation and at the start of the stand-in, then
every so many seconds, whatever its cron says.
"""
