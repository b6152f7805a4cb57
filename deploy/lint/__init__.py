"""A strict check of ``cloudbuild.yaml``: what the service would refuse after minutes, or run although it must not.

    python -m deploy.lint [FILE ...]

Each fault is one line: file, line, step, field, the value found and what is expected. First the shape, against the
API's own message definition (``message``); a file of the right shape is then checked for what the service demands
beyond it (``steps``, ``names``), for what its images can start (``programs``), for its shell (``shell``), for what a
pull request may reach (``reach``), and for being whole and in order (``chain``).
"""
