"""The transform room: Bronze to Silver to Gold with SQLMesh, audited, published as releases.

``models audits macros metrics tests linter config.py`` are an ordinary SQLMesh project: ``sqlmesh`` works in this
folder. The other modules are the job that drives it by loads (``transform``) and turns Gold into a release
(``publish``).
"""
