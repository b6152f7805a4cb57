"""What is wrong with a model file, told as for every other file: path, line, value found, what is expected."""

import re
from pathlib import Path

_STYLING = re.compile(r"\x1b\[[0-9;]*m")  # sqlglot underlines the token it stumbled over
_FILE = re.compile(r"(?: at )?'(?P<path>/[^']+\.(?:sql|py|ya?ml))':?")
_POSITION = re.compile(r"\s*Line (?P<line>\d+), Col: (?P<column>\d+)\.?")
_QUOTED = re.compile(r"'(?P<value>[^']+)'")


def told(error: Exception, project: Path) -> str:
    """SQLMesh's message with ``models/<layer>/<name>.sql:<line>:`` before it, where it names a file of ``project``.

    SQLMesh gives a line for SQL it cannot parse and only the value for what it does not know; then the line is the
    first that holds this value.
    """
    message = _STYLING.sub("", str(error)).strip()
    found = _FILE.search(message)
    if found is None or not Path(found["path"]).is_relative_to(project):
        return message
    path = Path(found["path"])
    said = _FILE.sub("", message.removeprefix("Failed to load model from file")).strip()
    said = "\n".join(line for line in said.splitlines() if line.strip())
    return f"{path.relative_to(project)}:{_line(said, path)}: {said}"


def _line(said: str, path: Path) -> int:
    """Where in the file: as SQLMesh says, else the first line that holds a value it quotes; 1 if none does."""
    if position := _POSITION.search(said):
        return int(position["line"])
    lines = path.read_text().splitlines()
    for quoted in _QUOTED.finditer(said):
        word = re.compile(rf"(?<!\w){re.escape(quoted['value'])}(?!\w)")
        for number, line in enumerate(lines, start=1):
            if word.search(line):
                return number
    return 1
