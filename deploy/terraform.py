"""Terraform's saved plan, applied; and what it says of the environment afterwards."""

import json
import os
import subprocess

from biaac.errors import PermanentError
from biaac.settings import ROOT
from deploy.settings import DeploySettings
from deploy.waiting import signals_later

PLAN = "plan"
GRACE_S = 60  # an interrupted apply lets go of the state's lock, and says what it has done


def apply(settings: DeploySettings) -> None:
    """Apply exactly what the plan step showed; Terraform refuses a plan that is no longer of this state."""
    _run(settings, "apply", "-input=false", "-no-color", str((settings.folder / PLAN).resolve()))


def environment(settings: DeploySettings) -> dict[str, str]:
    """This process's variables, and over them those of what was applied: the root's output ``environment``."""
    value = json.loads(_run(settings, "output", "-json", "environment", capture=True))
    if not isinstance(value, dict):
        raise PermanentError(f"terraform output environment is {type(value).__name__}, expected a map of variables")
    return {**os.environ, **{name: str(text) for name, text in value.items()}}


def _run(settings: DeploySettings, *arguments: str, capture: bool = False) -> str:
    command = [settings.terraform, f"-chdir={ROOT / 'terraform'}", *arguments]
    process: subprocess.Popen[str] | None = None
    try:
        with signals_later():  # one that interrupted the start would leave a program that nobody knows of
            process = subprocess.Popen(command, stdout=subprocess.PIPE if capture else None, text=True)
        output, _ = process.communicate()
    except BaseException:  # out of time, or stopped: an apply that is killed would leave its lock
        if process is not None:
            _end(process)
        raise
    if process.returncode != 0:
        raise PermanentError(f"terraform {arguments[0]} ended with {process.returncode}", hint="its output is above")
    return output or ""


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
