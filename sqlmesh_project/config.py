"""SQLMesh's configuration: the rules of ``sqlmesh lint``. The rest is the engine's, in ``transform/project.py``.

Read by ``sqlmesh`` in this folder and by the transform job alike; both need the variables of ``biaac.settings``.
"""

from transform import project

config = project.configure(
    rules=[
        "ambiguousorinvalidcolumn",  # this and the next two: SQLMesh's own
        "invalidselectstarexpansion",
        "noambiguousprojections",
        "everymodelisdocumented",  # these: linter/rules.py
        "everycolumnhasacomment",
        "everystoredmodelisaudited",
        "onelayerdown",
        "goldhasaunittest",
    ]
)
