"""``make check``: the small company passes, and each kind of broken file fails with its file and line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import company

# a file, what stands there, what is put in its place, what is printed
BROKEN = [
    ("company.yaml", "first_day:", "fist_day:", "company.yaml:2: fist_day"),
    ("connections/shop.yaml", "mode: full_refresh", "mode: full", "connections/shop.yaml:14: streams"),
    (
        "sqlmesh_project/models/gold/customers.sql",
        "-- Orders that stand.",
        "",
        "gold/customers.sql:15: every",
    ),
    ("sqlmesh_project/tests/test_gold.yaml", "orders: 2, revenue", "orders: 3, revenue", "test_gold.yaml:16: test_a"),
    ("sqlmesh_project/metrics/orders.yaml", "SUM(amount) /", "SUM(amuont) /", "metrics/orders.yaml:17: "),
    ("superset/dashboards/orders.yaml", "by: country, width", "by: cuontry, width", "dashboards/orders.yaml:1"),
    ("terraform/prod.tfvars", 'region     = "europe-west1"', 'region = "EU"', "prod.tfvars:3: Invalid value"),
    ("terraform/prod.tfvars", "runbooks_url", "runbook_url", "prod.tfvars:9: Value for undeclared variable"),
    ("connections/sources/folder/pyproject.toml", "dependencies = []", 'dependencies = ["six"]', "uv.lock:1: "),
]


@pytest.fixture
def folder(repository: Path, tmp_path: Path) -> Path:
    """The small company, and the values of its cloud."""
    company.install(tmp_path)
    (tmp_path / "terraform").mkdir()
    shutil.copy(repository / "terraform/examples/small.tfvars", tmp_path / "terraform/prod.tfvars")
    return tmp_path


def check(repository: Path, folder: Path, *names: str, **variables: str) -> tuple[int, str]:
    """Exit code and output of ``bin/check`` in an environment without any variable of ours."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COMPANY_DIR": str(folder), **variables}
    command = [str(repository / "bin/check"), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def outcomes(output: str) -> dict[str, str]:
    lines = [line.split() for line in output.splitlines() if not line.startswith((" ", "failed:"))]
    return {name: outcome for outcome, name, *_ in lines}


def test_the_small_company_passes_every_check(repository: Path, folder: Path) -> None:
    code, output = check(repository, folder)
    assert code == 0, output
    assert outcomes(output) == dict.fromkeys(("connections", "models", "dashboards", "terraform", "locks"), "ok")


def test_every_broken_file_is_named_with_its_line(repository: Path, folder: Path) -> None:
    for file, right, wrong, _ in BROKEN:
        path = folder / file
        text = path.read_text()
        assert right in text, file
        path.write_text(text.replace(right, wrong))
    code, output = check(repository, folder)
    assert code == 1
    assert outcomes(output) == dict.fromkeys(("connections", "models", "dashboards", "terraform", "locks"), "failed")
    for file, right, wrong, _ in BROKEN:  # until these are mended, later ones are not read
        if file in {"company.yaml", "sqlmesh_project/metrics/orders.yaml"}:
            (folder / file).write_text((folder / file).read_text().replace(wrong, right))
            _, more = check(repository, folder, "models", "dashboards")
            output += more
    for *_, fault in BROKEN:
        assert fault in output


def test_a_file_of_sql_that_cannot_be_read_is_named_with_its_line(repository: Path, folder: Path) -> None:
    path = folder / "sqlmesh_project/models/gold/orders.sql"
    path.write_text(path.read_text().replace("SELECT", "SELEC T"))
    code, output = check(repository, folder, "models")
    assert code == 1
    assert "gold/orders.sql:12: Invalid expression" in output


def test_without_terraform_only_a_company_with_values_for_it_is_refused(repository: Path, folder: Path) -> None:
    tools = folder / "tools"
    tools.mkdir()
    for name in ("sh", "cat", "date", "dirname", "grep", "mktemp", "rm", "sed", "tail"):
        program = shutil.which(name)
        assert program
        (tools / name).symlink_to(program)
    code, output = check(repository, folder, "terraform", PATH=str(tools))
    assert (code, outcomes(output)) == (1, {"terraform": "failed"})
    assert "Install terraform" in output
    (folder / "terraform/prod.tfvars").unlink()
    code, output = check(repository, folder, "terraform", PATH=str(tools))
    assert (code, outcomes(output)) == (0, {"terraform": "--"})
    assert "not checked: terraform was not found on PATH. Install terraform" in output
