"""A loaded workflow: routines of steps, everything compiled that can be before it runs."""

from dataclasses import dataclass, field
from pathlib import Path

from stand_ins.workflows.expressions import Evaluate, Template


@dataclass(frozen=True)
class Assignment:
    """``target[keys...] = value``; ``atomic`` unless the value calls a subworkflow, which may wait."""

    name: str
    keys: tuple[Evaluate, ...]
    value: Template
    atomic: bool


@dataclass(frozen=True)
class Loop:
    """``for``: over a list or a range."""

    value: str
    index: str | None
    over: Template
    is_range: bool
    block: "Block"


@dataclass(frozen=True)
class Retry:
    """``retry``: a policy of the library, or predicate, count and backoff; ``routine`` when the predicate is one."""

    policy: Template | None
    predicate: Template | None = None
    routine: str | None = None
    max_retries: Template | None = None
    backoff: Template | None = None


@dataclass
class Step:
    """One step; ``kind`` says which of the other fields it uses."""

    name: str
    line: int
    kind: str
    next: str | None = None
    assignments: list[Assignment] = field(default_factory=list)
    call: str = ""
    arguments: Template | None = None
    result: str | None = None
    conditions: list[tuple[Template, "Step"]] = field(default_factory=list)
    loop: Loop | None = None
    branches: list[tuple[str, "Block"]] = field(default_factory=list)
    shared: frozenset[str] = frozenset()
    concurrency: Template | None = None
    body: "Step | None" = None
    retry: Retry | None = None
    error_name: str | None = None
    handler: "Block | None" = None
    block: "Block | None" = None
    value: Template | None = None


@dataclass
class Block:
    """Steps in order, found by name for jumps."""

    steps: list[Step]
    at: dict[str, int]


@dataclass
class Routine:
    """main or a subworkflow; a parameter without a default has None for a template."""

    name: str
    line: int
    parameters: list[tuple[str, Template | None]]
    block: Block


@dataclass
class Program:
    """A loaded file."""

    path: Path
    routines: dict[str, Routine]
