"""``bin/sqlmesh``: SQLMesh as a person types it, on the lake's own state.

    cd sqlmesh_project && ../bin/sqlmesh plan       changes the lake if it succeeds, under its lock
    cd sqlmesh_project && ../bin/sqlmesh fetchdf …  works on a copy
    cd sqlmesh_project && ../bin/sqlmesh lint       needs no lake at all
    bin/sqlmesh forget                              removes the lake's state: the next run builds everything again

A person never stops the pipeline: a run that starts meanwhile takes the lock over, and whoever puts the state back
second is refused and has changed nothing.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from biaac.clients import storage_client
from biaac.errors import BiaacError
from transform import lake_state, lock
from transform.settings import LakeSettings

CHANGING = {"plan", "run", "invalidate", "janitor", "migrate", "rollback", "destroy"}
WITHOUT_LAKE = {"lint", "test", "format", "render", "dag", "clean", "--help", "--version"}


def main() -> None:
    """Run ``sqlmesh`` with the arguments of this process, then end with its exit code."""
    try:
        sys.exit(sqlmesh(sys.argv[1:]))
    except BiaacError as error:
        sys.exit(str(error))


def sqlmesh(arguments: list[str]) -> int:
    """The exit code of ``sqlmesh arguments``; the lake has changed only if it is 0."""
    if not arguments or WITHOUT_LAKE & set(arguments):
        with TemporaryDirectory(prefix="biaac-lake-") as folder:
            os.environ |= {"LAKE_STATE_DIR": folder, "LAKE_DATA_DIR": folder}
            return _run(arguments)
    settings = LakeSettings.load()
    bucket = storage_client(settings).bucket(settings.lake_bucket)
    if arguments == ["forget"]:
        with lock.held(bucket, settings, lock.PERSON):
            lake_state.forget(bucket, settings)
        print("the lake's state is gone: the next run builds everything from the ledger and Bronze")
        return 0
    if not CHANGING & set(arguments):
        with lake_state.fetched(bucket, settings):
            return _run(arguments)
    with lock.held(bucket, settings, lock.PERSON), lake_state.fetched(bucket, settings) as state:
        code = _run(arguments)
        if code == 0:
            state.put_back()
        else:
            print(f"sqlmesh ended with {code}: the lake is as it was before", file=sys.stderr)
        return code


def _run(arguments: list[str]) -> int:
    return subprocess.run([Path(sys.executable).with_name("sqlmesh"), *arguments], check=False).returncode


if __name__ == "__main__":
    main()
