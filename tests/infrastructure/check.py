"""``terraform validate``, and a plan of every company's file of values, without a network: a part of ``make check``.

    python -m tests.infrastructure.check terraform/prod.tfvars ...

The real terraform, over a stand-in of the providers that knows their schemas (``offline/``). Prints each fault as
``file:line: what is wrong`` and exits 1. Where terraform is not installed and there is no file of values, it says that
nothing was checked.
"""

import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from biaac.settings import ROOT
from tests.infrastructure import terraform
from tests.infrastructure.terraform import NotInstalledError, TerraformError, Workspace

TERRAFORM = ROOT / "terraform"


def main() -> None:
    """Check the files of values named on the command line; exit 1 if one is wrong."""
    files = [Path(name).resolve() for name in sys.argv[1:]]
    try:
        terraform.executable()
    except NotInstalledError as error:
        if files:
            sys.exit(str(error))
        print(f"not checked: {error} There is no terraform/*.tfvars, so nothing of yours is deployed by it.")
        return
    try:
        with tempfile.TemporaryDirectory() as folder, terraform.standing_providers() as variables:
            faults = list(_faults(Workspace.copy(Path(folder), variables, _connections(files)), files))
    except TerraformError as error:
        sys.exit(str(error))
    if faults:
        sys.exit("\n".join(dict.fromkeys(faults)))
    names = ", ".join(file.name for file in files)
    print(f"valid; planned with {names}" if files else "valid; there is no terraform/*.tfvars to plan with")


def _connections(files: list[Path]) -> Path:
    """Those of the company whose files of values are checked."""
    return (files[0].parents[1] if files else ROOT) / "connections"


def _faults(workspace: Workspace, files: list[Path]) -> Iterator[str]:
    build = workspace.folder.parent / ".biaac/build"
    build.mkdir(parents=True)
    zipfile.ZipFile(build / "functions.zip", "w").close()  # what bin/functions-source makes
    workspace.init()
    if not files:
        for diagnostic in json.loads(workspace.run("validate", "-json").stdout)["diagnostics"]:
            yield _line(diagnostic, TERRAFORM)
    for file in files:  # a plan validates, too
        output = workspace.run("plan", "-input=false", "-json", f"-var-file={file}").stdout
        for line in filter(None, output.splitlines()):
            if "diagnostic" in (message := json.loads(line)):
                yield _line(message["diagnostic"], file)


def _line(diagnostic: dict[str, Any], file: Path) -> str:
    """A fault as other checks name theirs; a warning is one, too: a misspelt variable is no more to terraform."""
    text = f"{diagnostic['summary']}: {' '.join(diagnostic.get('detail', '').split('To silence')[0].split())}"
    if place := diagnostic.get("range"):
        return f"{TERRAFORM / place['filename']}:{place['start']['line']}: {text}"
    if misspelt := re.search(r'variable named "(\w+)"', text):
        lines = file.read_text().splitlines()
        number = next(number for number, line in enumerate(lines, 1) if line.strip().startswith(misspelt[1]))
        return f"{file}:{number}: {text}"
    return f"{file}: {text}"


if __name__ == "__main__":
    main()
