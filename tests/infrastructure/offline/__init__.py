"""A stand-in for the Google provider, so that the real terraform can validate, plan and test with no network.

It is a *schema check, not the real provider*. Of the services this project uses it knows every resource type, block,
attribute and documented value, and what is required or read-only. It does not know Google's rules: formats of names,
which change forces a replacement, what conflicts, whether a permission suffices, what a quota allows. In Cloud Build
the real provider runs.

The schema is derived from packages of a committed lock (``tests/infrastructure/pyproject.toml``) and cached below
``.biaac/infrastructure/``; nothing generated is committed.

    generated   the schema of google 6.50, out of its CDKTF bindings
    newer       what terraform/ uses of google 7 and 8
    schema      the values between: blocks and attributes
    wire        those values as terraform's plugin protocol wants them
    behaviour   what an apply would make of a configuration
    provider    the protocol's calls
    schemas     all of them, read once and kept
    plugin      the process that terraform attaches to
"""
