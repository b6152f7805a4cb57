"""Cloud Workflows on the laptop: an interpreter of its language behind the real Executions API.

    python -m stand_ins.workflows --port P --state DIR --source FILE.workflows.yaml --project P --location L

A file passes `document` (YAML with line numbers) and `program` (routines and steps, checked), and then each
execution is walked by `interpreter`. `syntax` and `expressions` are the language between ``${`` and ``}``; `stdlib`,
`http` and `connectors` are what can be called; `service` keeps executions, `grpc_api` shows them.

What this interpreter does not know it refuses by name when the file is loaded; it never guesses. The semantics are
those of https://cloud.google.com/workflows/docs/reference/syntax and the limits those of
https://cloud.google.com/workflows/quotas. One thing differs: an execution does not survive its server (it is shown as
FAILED after a restart), where the real service would go on.
"""
