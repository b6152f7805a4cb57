"""The file that declares the jobs: ``name: {command: [...], env: {...}, timeout_s: 600}`` for each."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from stand_ins import yaml_file
from stand_ins.yaml_file import Map, Refused


class Job(BaseModel):
    """One job: a command of this machine where Cloud Run has an image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: list[str] = Field(min_length=1)
    env: dict[str, str] = Field(default_factory=dict)
    timeout_s: float = Field(600, gt=0, description="Cloud Run's own default: 10 minutes")


def load(path: Path) -> dict[str, Job]:
    """The jobs by name; ``Refused`` lists every fault with its line."""
    source = yaml_file.load(path)
    try:
        return RootModel[dict[str, Job]].model_validate(source).root
    except ValidationError as error:
        faults = error.errors(include_url=False)
    lines = [
        f"{path}:{_line(source, fault['loc'])}: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}, "
        f"found {fault['input']!r:.80}"
        for fault in faults
    ]
    raise Refused("\n".join([*lines, f"  next: edit {path}"]))


def _line(value: Any, location: tuple[int | str, ...]) -> int:
    """The line of the deepest key of ``location`` that the file has."""
    line = 1
    for part in location:
        if isinstance(value, Map) and part in value:
            line, value = value.lines[str(part)], value[str(part)]
    return line
