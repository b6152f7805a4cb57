"""The stand-ins are a package of their own: folder and tests, copied out of this repository, run by themselves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def test_the_stand_ins_and_their_tests_run_without_this_repository(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "stand_ins", tmp_path / "stand_ins")
    shutil.copytree(repository / "tests/stand_ins", tmp_path / "tests")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    selection = "test_readme or test_start or test_workflows_expressions"  # every file is collected
    line = [sys.executable, "-m", "pytest", "tests", "-q", "-k", selection]
    ended = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
