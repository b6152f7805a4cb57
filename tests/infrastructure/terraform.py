"""The real terraform over a copy of ``terraform/`` and the stand-in provider of ``tests/infrastructure/offline``."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biaac.settings import ROOT

# terraform/ and what it reads of the rest of the repository, beside the company's connections
SOURCES = ("terraform", "workflows")
HOME = ROOT / ".biaac"
OLDEST = (1, 11)  # write-only arguments
# What a working folder leaves behind; the lock file holds hashes of the real providers, which are not served here.
LEFT_OVERS = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "terraform.tfstate*", "*.tfplan", "crash.log")
LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'  # the real one is a bucket


class NotInstalledError(Exception):
    """A program these tests need is not on this machine."""


class TerraformError(Exception):
    """A terraform command failed; the text is what it printed."""


def executable() -> str:
    """The terraform of this machine; it is on no package index, so it is never installed by this project."""
    program = shutil.which("terraform")
    advice = (
        f"Install terraform >= {OLDEST[0]}.{OLDEST[1]} (developer.hashicorp.com/terraform/install), then try again."
    )
    if program is None:
        raise NotInstalledError(f"terraform was not found on PATH. {advice}")
    shown = subprocess.run([program, "version", "-json"], capture_output=True, text=True, check=True, timeout=60)
    version = json.loads(shown.stdout)["terraform_version"]
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        raise NotInstalledError(f"{program} is terraform {version}. {advice}")
    return program


def environment(name: str) -> Path:
    """A Python environment of its own lock, built now if it is not there yet."""
    home = HOME / "envs" / name
    if not (home / ".ready").exists():
        subprocess.run([ROOT / "bin/environment", name], check=True, timeout=600)
    return home


@contextmanager
def standing_providers() -> Iterator[dict[str, str]]:
    """Providers that stay up over many commands, one at a time; the variables with which terraform finds them."""
    command = [str(environment("infrastructure") / "bin/python"), "-m", "tests.infrastructure.offline.plugin"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        if not (addresses := process.stdout.readline()):
            raise TerraformError(f"the stand-in provider ended: {' '.join(command)}")
        yield {"TF_REATTACH_PROVIDERS": addresses}
    finally:
        process.stdin.close()
        process.wait(timeout=300)
        process.stdout.close()


@dataclass
class Workspace:
    folder: Path
    variables: Mapping[str, str]  # of the process

    @classmethod
    def copy(cls, into: Path, variables: Mapping[str, str], connections: Path) -> "Workspace":
        """A copy of ``terraform/`` and of a folder of connection files below ``into``, with local state."""
        shutil.copytree(connections, into / "connections", ignore=shutil.ignore_patterns("sources"))
        for source in SOURCES:
            shutil.copytree(ROOT / source, into / source, ignore=LEFT_OVERS)
        (into / "terraform/local_state_override.tf").write_text(LOCAL_STATE)
        return cls(into / "terraform", variables)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        mine |= {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        mine |= self.variables
        command = [executable(), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=mine, capture_output=True, text=True, check=False, timeout=300
        )

    def must(self, *arguments: str) -> str:
        done = self.run(*arguments)
        if done.returncode:
            raise TerraformError(f"terraform {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def init(self) -> None:
        self.must("init", "-input=false", "-no-color")

    def attempt(self, variables: Mapping[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
        """A plan that may fail, saved as ``saved.tfplan``."""
        (self.folder / "values.auto.tfvars.json").write_text(json.dumps(variables))
        return self.run("plan", "-input=false", "-no-color", "-out=saved.tfplan", *arguments)

    def plan(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """A plan as JSON (developer.hashicorp.com/terraform/internals/json-format)."""
        done = self.attempt(variables)
        if done.returncode:
            raise TerraformError(f"terraform plan\n{done.stdout[-4000:]}{done.stderr}")
        shown: dict[str, Any] = json.loads(self.must("show", "-json", "saved.tfplan"))
        return shown
