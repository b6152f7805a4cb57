"""A check of ``cloudbuild.yaml``: what the service would refuse after minutes, or run although it must not.

    python -m deploy.lint [FILE ...]

Each fault is one line: file, line, step, field, the value and what is expected. First the shape, by the API's own
message (``message``); then names (``names``), steps, times and what a pull request may reach (``steps``), and shell.
"""
