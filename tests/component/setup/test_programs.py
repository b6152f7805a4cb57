"""Every program starts in the environment that it ships in, with what that environment holds and nothing more.

Tests run in `dev`, which holds every group; a package that only `dev` has is found here.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from biaac.settings import ROOT
from tests.conftest import free_port, wait_for

ENVIRONMENTS = ROOT / ".biaac/envs"
# environment, the folder its programs start in, the folders whose every import must be there
IMPORTED = [
    ("functions", "functions", ["."]),
    ("transform", ".", ["transform", "sqlmesh_project"]),
    ("ingestion", ".", ["ingestion"]),
    ("cache", ".", ["cache_service"]),
    ("deploy", ".", ["deploy"]),
    ("laptop", ".", ["cli", "stand_ins"]),
]
CONNECTORS = sorted(
    f"source-{path.parent.name.replace('_', '-')}" for path in (ROOT / "connections/sources").glob("*/uv.lock")
)
# environment and arguments of its Python, the exit code, what is printed
COMMANDS = [
    ("transform", "-m transform.job --help", 0, "--execution"),
    ("transform", "-m transform.job --execution x --reason sync", 2, "CLOUD_RUN_JOB"),
    ("transform", "-m transform.job --plan", 0, ""),
    ("ingestion", "-m ingestion.sync --connection nobody --job 1", 2, "connection nobody has no job 1"),
    ("superset", "superset/apply.py --plan", 2, "has no release yet"),
    ("superset", "superset/refresh.py --release r", 2, "has no release yet"),
    ("cache", "-m cache_service --help", 0, "--port"),
    ("superset", "superset/check.py --help", 0, "models"),
    ("laptop", "-m laptop.supervisor --help", 0, "--once"),
    ("laptop", "-m stand_ins.storage --help", 0, "--root"),
    ("laptop", "-m stand_ins.eventarc --help", 0, "--trigger"),
    ("laptop", "-m stand_ins.workflows --help", 0, "--source"),
    ("laptop", "-m stand_ins.run_jobs --help", 0, "--jobs"),
    ("laptop", "-m stand_ins.scheduler --help", 0, "--every"),
    ("deploy", "-m deploy --help", 0, "roll-back"),
    ("deploy", "-m deploy.lint", 0, "cloudbuild.yaml"),
    ("deploy", "-m cli connections validate", 0, ""),
    ("deploy", "-m cli releases", 0, "release"),
    ("deploy", "-m cli query SELECT", 1, "does not answer"),
]
# Imports every module of the folders it is given, and whatever they import inside functions: a workload that lacks a
# package must not find out at its first request. What only a type checker reads is left out.
IMPORTS = """
import ast, importlib, pathlib, sys
def skipped(node):
    return isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.dump(node.test)
def walk(node):
    yield node
    for child in ast.iter_child_nodes(node):
        if not skipped(child):
            yield from walk(child)
for folder in sys.argv[1:]:
    for path in sorted(pathlib.Path(folder).rglob('*.py')):
        package = '.'.join(path.parts[:-1])
        if path.name != '__main__.py':
            importlib.import_module('.'.join(path.with_suffix('').parts).removesuffix('.__init__'))
        for node in walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                for name in node.names:
                    importlib.import_module(name.name)
            elif isinstance(node, ast.ImportFrom):
                module = importlib.import_module('.' * node.level + (node.module or ''), package)
                for name in node.names:
                    if name.name != '*' and not hasattr(module, name.name):
                        importlib.import_module(f'{module.__name__}.{name.name}')
"""
# Every command of the command line, and that it explains itself.
HELP = """
import typer.main
from typer.testing import CliRunner
from cli.main import app

def explain(command, words):
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0 and "Usage" in done.output, (words, done.output)
    print("biaac", *words)
    for name, inner in getattr(command, "commands", {}).items():
        explain(inner, [*words, name])

explain(typer.main.get_command(app), [])
"""
Start = Callable[..., str]


def run(environment: str, *arguments: str, variables: dict[str, str], folder: str = ".") -> tuple[int, str]:
    """Exit code and output of the Python of an environment."""
    command = [ENVIRONMENTS / environment / "bin/python", *arguments]
    done = subprocess.run(
        command, cwd=ROOT / folder, env=variables, capture_output=True, text=True, check=False, timeout=240
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session", autouse=True)
def environments() -> None:
    """Every environment of this file, built where it is missing or older than its lock."""
    subprocess.run([ROOT / "bin/environment", *(name for name, *_ in IMPORTED), "superset", *CONNECTORS], check=True)


@pytest.fixture
def variables(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """What a workload has: the variables of its room, and nothing of the process that runs the tests."""
    return {
        **environment,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LAKE_DATA_DIR": str(tmp_path / "lake"),
        "LAKE_STATE_DIR": str(tmp_path),
        "CACHE_DIRECTORY": str(tmp_path / "cache"),
        "SUPERSET_STATE_DIR": str(tmp_path / "superset"),
        "SUPERSET_SECRET_KEY": "k" * 42,
        "SUPERSET_ADMIN_PASSWORD": "p" * 12,
        "RUN_EMULATOR_HOST": "http://127.0.0.1:1",
        "SCHEDULER_EMULATOR_HOST": "http://127.0.0.1:1",
        "WORKFLOWS_EMULATOR_HOST": "127.0.0.1:1",
    }


@pytest.fixture
def start(variables: dict[str, str]) -> Iterator[Start]:
    """``start(environment, program, *arguments)``: a web server; its address, once it answers."""
    started: list[subprocess.Popen[bytes]] = []

    def start_one(environment: str, program: str, *arguments: str, port: str = "--port", path: str = "/") -> str:
        number = free_port()
        bound = [port, str(number) if port == "--port" else f"127.0.0.1:{number}"]
        command = [str(ENVIRONMENTS / environment / "bin" / program), *arguments, *bound]
        process = subprocess.Popen(command, cwd=ROOT, env=variables)
        started.append(process)
        address = f"http://127.0.0.1:{number}{path}"

        def answers() -> bool:
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            return httpx.get(address, timeout=30) is not None

        wait_for(answers, seconds=240, what=f"{command} answers")
        return address

    yield start_one
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("environment_name", "folder", "folders"), IMPORTED, ids=[name for name, *_ in IMPORTED])
def test_an_environment_holds_all_that_its_rooms_import(
    variables: dict[str, str], environment_name: str, folder: str, folders: list[str]
) -> None:
    assert run(environment_name, "-c", IMPORTS, *folders, variables=variables, folder=folder)[0:2] == (0, "")


@pytest.mark.parametrize(("name", "arguments", "code", "text"), COMMANDS, ids=[f"{c[0]} {c[1]}" for c in COMMANDS])
def test_a_command_runs_in_its_own_environment(
    variables: dict[str, str], name: str, arguments: str, code: int, text: str
) -> None:
    ended, output = run(name, *arguments.split(), variables=variables)
    assert "Traceback" not in output, output
    assert ended == code, output
    assert text in " ".join(output.split())


def test_every_command_of_the_command_line_explains_itself_where_the_cloud_is_deployed(
    variables: dict[str, str],
) -> None:
    code, output = run("deploy", "-c", HELP, variables=variables)
    assert code == 0, output
    assert {"biaac sync", "biaac runs retry", "biaac releases rollback"} <= set(output.splitlines())


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_says_what_it_is(name: str) -> None:
    command = [ENVIRONMENTS / name / "bin" / name, "spec"]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1])["type"] == "SPEC"


def test_the_laptops_functions_are_served_in_their_environment(start: Start) -> None:
    address = start("functions", "gunicorn", "laptop.functions:app", port="--bind")
    assert "bronze_finalized" in httpx.get(address, timeout=60).text


def test_the_airbyte_api_answers_its_health_check(start: Start) -> None:
    address = start("ingestion", "gunicorn", "ingestion.api:app", port="--bind", path="/api/public/v1/health")
    assert httpx.get(address, timeout=60).is_success
