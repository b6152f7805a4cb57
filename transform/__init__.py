"""The engine of the transform: ``job`` admits what has arrived, builds Bronze to Silver to Gold, audits and publishes.

The models are a company's own, in its ``sqlmesh_project/``: an ordinary SQLMesh project, in which ``sqlmesh`` works.
"""
