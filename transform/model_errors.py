"""Errors of model files in the form of every other file's: path, line, the value found, what is expected."""

import re
from pathlib import Path

_STYLING = re.compile(r"\x1b\[[0-9;]*m")  # sqlglot underlines the token it stumbled over
_FILE = re.compile(r"(?: at )?'(?P<path>/[^']+\.(?:sql|py|ya?ml))':?")
_POSITION = re.compile(r"\s*Line (?P<line>\d+), Col: (?P<column>\d+)\.?")
_QUOTED = re.compile(r"'(?P<value>[^']+)'")


def locate(error: Exception, project: Path) -> str:
    """SQLMesh's message with ``models/<layer>/<name>.sql:<line>:`` before it, where it names a file of ``project``.

    SQLMesh gives a line for SQL that it cannot parse, and only the value for a name that it does not know. Then the
    line is the first one with this value.
    """
    message = _STYLING.sub("", str(error)).strip()
    file = _FILE.search(message)
    if file is None or not Path(file["path"]).is_relative_to(project):
        return message
    path = Path(file["path"])
    text = _FILE.sub("", message.removeprefix("Failed to load model from file")).strip()
    text = "\n".join(line for line in text.splitlines() if line.strip())
    return f"{path.relative_to(project)}:{_line(text, path)}: {text}"


def _line(message: str, path: Path) -> int:
    """The line that SQLMesh names, else the first one with a value that it quotes; 1 if there is none."""
    if position := _POSITION.search(message):
        return int(position["line"])
    lines = path.read_text().splitlines()
    for quoted in _QUOTED.finditer(message):
        word = re.compile(rf"(?<!\w){re.escape(quoted['value'])}(?!\w)")
        for number, line in enumerate(lines, start=1):
            if word.search(line):
                return number
    return 1
