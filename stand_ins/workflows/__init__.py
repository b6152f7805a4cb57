"""Cloud Workflows on one machine: an interpreter of its language behind the real Executions API.

    python -m stand_ins.workflows --port 9003 --state DIR --source FILE.workflows.yaml --project P --location L

`loader` reads and checks a file, with `source_checks` and `variables`; a `definition` comes of it, whose
`expressions` are compiled from the trees of `syntax`. `interpreter` runs it in an `execution`. `library` lists what a
workflow can call: `stdlib`, `text_functions`, `http_calls` and `connectors`. `service` keeps executions and `grpc_api`
serves them.

What this interpreter does not know it refuses by name when the file is loaded; it never guesses. The semantics are
those of https://cloud.google.com/workflows/docs/reference/syntax and the limits those of
https://cloud.google.com/workflows/quotas. One thing differs: an execution does not survive its server (it is shown as
FAILED after a restart), where the real service would go on.
"""
