"""Terraform's saved plan, applied."""

import subprocess

from biaac.errors import PermanentError
from biaac.settings import ROOT
from deploy.settings import DeploySettings
from deploy.waiting import signals_later

GRACE_S = 60  # an interrupted apply lets go of the state's lock, and says what it has done


def apply(settings: DeploySettings) -> None:
    """Apply exactly what the plan step showed; Terraform refuses a plan that is no longer of this state."""
    plan = str((settings.folder / "plan").resolve())
    command = [settings.terraform, f"-chdir={ROOT / 'terraform'}", "apply", "-input=false", "-no-color", plan]
    process: subprocess.Popen[bytes] | None = None
    try:
        with signals_later():  # one that interrupted the start would leave a program that nobody knows of
            process = subprocess.Popen(command)
        process.wait()
    except BaseException:  # out of time, or stopped: an apply that is killed would leave its lock
        if process is not None:
            process.terminate()
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        raise
    if process.returncode != 0:
        raise PermanentError(f"terraform apply ended with {process.returncode}", hint="its output is above")
