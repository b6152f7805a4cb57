"""What ``gcloud`` takes, for the commands our pages print: transcribed from its own ``--help``, version 528.0.0.

Command -> how many positional arguments (least, most; None: any number), and its flags. gcloud itself is not run by
the tests: it is not on a package index.
"""

EVERYWHERE = {"--project", "--format", "--quiet"}  # gcloud-wide flags

Shape = tuple[int, int | None, set[str]]

COMMANDS: dict[str, Shape] = {
    "artifacts repositories list": (0, 0, {"--location", "--filter", "--limit"}),
    "auth application-default login": (0, 1, {"--no-browser", "--no-launch-browser", "--scopes"}),
    "builds submit": (
        0,
        1,
        {"--async", "--config", "--region", "--service-account", "--substitutions", "--gcs-source-staging-dir"},
    ),
    "logging read": (0, 1, {"--freshness", "--limit", "--order"}),
    "projects delete": (1, 1, set()),
    "run jobs execute": (0, 1, {"--args", "--async", "--region", "--wait"}),
    "run jobs executions list": (0, 0, {"--job", "--region", "--filter", "--limit"}),
    "run services list": (0, 0, {"--region", "--filter", "--limit"}),
    "scheduler jobs delete": (1, 1, {"--location"}),
    "scheduler jobs describe": (1, 1, {"--location"}),
    "scheduler jobs list": (0, 0, {"--location", "--filter", "--limit"}),
    "scheduler jobs resume": (1, 1, {"--location"}),
    "scheduler jobs run": (1, 1, {"--location"}),
    "secrets versions access": (1, 1, {"--location", "--out-file", "--secret"}),
    "secrets versions add": (1, 1, {"--data-file", "--location"}),
    "sql backups list": (0, 0, {"--instance", "--filter", "--limit"}),
    "sql backups restore": (1, 1, {"--async", "--restore-instance"}),
    "sql export sql": (2, 2, {"--async", "--database", "--offload"}),
    "sql import sql": (2, 2, {"--async", "--database", "--user"}),
    "sql instances clone": (2, 2, {"--async", "--point-in-time"}),
    "sql instances delete": (1, 1, {"--async"}),
    "sql instances describe": (1, 1, set()),
    "sql instances list": (0, 0, {"--filter", "--limit"}),
    "storage cp": (1, None, {"--recursive", "--all-versions", "--no-clobber"}),
    "storage du": (0, None, {"--all-versions", "--summarize", "--readable-sizes", "--total"}),
    "storage ls": (0, None, {"--all-versions", "--buckets", "--long", "--recursive", "--soft-deleted"}),
    "storage restore": (0, None, {"--all-versions", "--async", "--deleted-after-time", "--deleted-before-time"}),
    "storage rsync": (2, 2, {"--recursive", "--dry-run", "--delete-unmatched-destination-objects"}),
}
