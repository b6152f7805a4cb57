"""One running execution: its variables, its limits, its clock, and the record of the steps it takes."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stand_ins.workflows.failures import Cancelled, failure
from stand_ins.workflows.values import size

# https://cloud.google.com/workflows/quotas#resource_limits
MAX_STEPS = 100_000
MAX_MEMORY = 512 * 1024


class Clock:
    """The machine's time, as a workflow sees it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float, cancelled: threading.Event) -> None:
        """Wait, or return early when ``cancelled`` is set."""
        cancelled.wait(seconds)


@dataclass(slots=True)
class StepEntry:
    """One taken step, as ``projects.locations.workflows.executions.stepEntries`` has it."""

    routine: str
    step: str
    kind: str
    started: float
    ended: float | None = None
    attempts: int = 1
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A call of a routine (main or a subworkflow). Identity matters: two calls are two frames."""

    routine: str
    depth: int
    parallel: int = 0


class Scope:
    """Variables of a routine, of a loop, of an ``except`` or of a parallel branch.

    A new variable belongs to the scope in which it is first assigned; one of an enclosing scope is changed where it
    is. https://cloud.google.com/workflows/docs/reference/syntax/variables#variable-scope
    """

    __slots__ = ("execution", "frame", "parent", "sizes", "values", "writable")

    def __init__(
        self,
        execution: "Execution",
        frame: Frame,
        parent: "Scope | None" = None,
        writable: frozenset[str] | None = None,
    ) -> None:
        self.execution = execution
        self.frame = frame
        self.parent = parent
        self.writable = writable  # what a parallel branch may change of the scopes around it; None: everything
        self.values: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}

    def get(self, name: str) -> Any:
        """The value of a variable; KeyError if it was not assigned yet."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.parent
        raise failure("KeyError", f"variable {name!r} has no value yet")

    def set(self, name: str, value: Any) -> None:
        """Assign where the variable lives, or else here; a parallel branch changes only what it shares."""
        scope: Scope | None = self
        shared = True
        while scope is not None:
            if name in scope.values:
                if not shared:
                    raise failure("ValueError", f"variable {name!r} is of an enclosing scope and not listed in shared")
                return scope.put(name, value)
            shared = shared and (scope.writable is None or name in scope.writable)
            scope = scope.parent
        return self.put(name, value)

    def put(self, name: str, value: Any) -> None:
        """Assign in this scope."""
        needed = size(value)
        self.execution.use_memory(needed - self.sizes.get(name, 0))
        self.values[name] = value
        self.sizes[name] = needed

    def __enter__(self) -> "Scope":
        return self

    def __exit__(self, *_: object) -> None:
        self.execution.use_memory(-sum(self.sizes.values()))


Subworkflow = Callable[[list[Any] | dict[str, Any], Frame], Any]  # arguments by position or by name, and the caller


@dataclass(eq=False)
class Execution:
    """What the steps of one execution share.

    ``interpreter.run(program, Execution({"NAME": "value"}), argument)`` runs a program with these user variables.
    """

    environment: Mapping[str, str]
    clock: Clock = field(default_factory=Clock)
    before_blocking: Callable[["Execution"], None] = lambda _: None  # called before every wait, to save
    log: Callable[[str, Any], None] = lambda _severity, _entry: None  # where sys.log writes
    subworkflows: Mapping[str, Subworkflow] = field(default_factory=dict)  # of the program that runs, by name
    cancelled: threading.Event = field(default_factory=threading.Event)
    entries: list[StepEntry] = field(default_factory=list)
    steps: int = 0
    memory: int = 0
    assigning: threading.RLock = field(default_factory=threading.RLock)  # an assignment to a shared variable is atomic
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin_step(self, frame: Frame, step: str, kind: str) -> StepEntry:
        """Count and record a step; the step limit and a cancellation end the execution here."""
        if self.cancelled.is_set():
            raise Cancelled
        entry = StepEntry(frame.routine, step, kind, self.clock.now())
        with self._lock:
            self.steps += 1
            self.entries.append(entry)
        if self.steps > MAX_STEPS:
            raise failure("ResourceLimitError", f"step limit exceeded: an execution has at most {MAX_STEPS} steps")
        return entry

    def use_memory(self, amount: int) -> None:
        """Count the size of all variables together."""
        with self._lock:
            self.memory += amount
        if amount > 0 and self.memory > MAX_MEMORY:
            raise failure("ResourceLimitError", f"Memory usage limit exceeded: {self.memory} of {MAX_MEMORY} bytes")

    def sleep(self, seconds: float) -> None:
        """Wait; a cancellation ends the wait and the execution."""
        if seconds > 0:
            self.before_blocking(self)
            self.clock.sleep(seconds, self.cancelled)
        if self.cancelled.is_set():
            raise Cancelled
