"""What the macros of the models do: how Bronze is read, how the newest version of a row is chosen.

A SQLMesh project calls these from thin macro files of its own (``sqlmesh_project/macros/``). SQLMesh keeps the text of
a project's macros in each model's fingerprint but not the text of what they import, so every thin macro names ``CODE``:
when this package changes, the models that use it are built again.
"""

import hashlib
from pathlib import Path

CODE = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()[
    :12
]
