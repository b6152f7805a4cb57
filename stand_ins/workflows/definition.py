"""A loaded workflow: routines made of steps, with every expression compiled."""

from dataclasses import dataclass
from pathlib import Path

from stand_ins.workflows.expressions import Evaluate, Template

MAX_PARALLEL_DEPTH = 2  # of parallel steps in each other: https://cloud.google.com/workflows/quotas


@dataclass(frozen=True)
class Assignment:
    """``target[keys...] = value``; ``atomic`` unless the value calls a subworkflow, which may wait."""

    name: str
    keys: tuple[Evaluate, ...]
    value: Template
    atomic: bool


@dataclass(frozen=True)
class Assign:
    """``assign``: one assignment after the other."""

    assignments: list[Assignment]


@dataclass(frozen=True)
class Call:
    """``call``: of a subworkflow, a function or a connector."""

    name: str
    arguments: Template
    result: str | None  # the variable that takes the result


@dataclass(frozen=True)
class Switch:
    """``switch``: the first step whose condition is true."""

    conditions: list[tuple[Template, "Step"]]


@dataclass(frozen=True)
class For:
    """``for``: over a list or a range; ``value`` and ``index`` are names of variables."""

    value: str
    index: str | None
    over: Template
    is_range: bool
    block: "Block"


@dataclass(frozen=True)
class Parallel:
    """``parallel``: named branches, or the iterations of a loop."""

    branches: list[tuple[str, "Block"]]
    loop: For | None
    shared: frozenset[str]  # variables of enclosing scopes that a branch may change
    concurrency: Template | None


@dataclass(frozen=True)
class Retry:
    """``retry``: a ``policy`` of the library, or a predicate with its number of retries and its backoff.

    The predicate is a function, or the subworkflow ``routine``.
    """

    policy: Template | None
    predicate: Template | None = None
    routine: str | None = None
    max_retries: Template | None = None
    backoff: Template | None = None


@dataclass(frozen=True)
class Try:
    """``try``: a step, attempted again by ``retry``; an error that is left goes to the steps of ``handler``."""

    body: "Step"
    retry: Retry | None
    error_name: str | None  # the variable that holds the error in ``handler``
    handler: "Block | None"


@dataclass(frozen=True)
class Raise:
    """``raise``: a string or a map."""

    value: Template


@dataclass(frozen=True)
class Return:
    """``return``: the value of the routine."""

    value: Template


@dataclass(frozen=True)
class Block:
    """Steps in order; ``at`` has the position of each by name, for jumps."""

    steps: list["Step"]
    at: dict[str, int]


@dataclass(frozen=True)
class Step:
    """One step: an action, and the step that comes ``next``. A step of kind ``next`` has no action."""

    name: str
    line: int
    kind: str
    action: Assign | Call | Switch | For | Parallel | Try | Raise | Return | Block | None
    next: str | None


@dataclass(frozen=True)
class Routine:
    """main or a subworkflow; a parameter without a default has None for a template."""

    name: str
    parameters: list[tuple[str, Template | None]]
    block: Block


@dataclass(frozen=True)
class Program:
    """A loaded file."""

    path: Path
    routines: dict[str, Routine]
