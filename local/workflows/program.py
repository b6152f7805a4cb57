"""A workflow file as routines and steps, checked: what is unknown or does not fit is refused with file, line and step.

https://cloud.google.com/workflows/docs/reference/syntax
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.workflows import connectors, document, http, stdlib, syntax, text  # noqa: F401  they register what can be called
from local.workflows.document import Map
from local.workflows.errors import Refused
from local.workflows.expressions import Evaluate, Template, compile_node, names
from local.workflows.functions import FUNCTIONS
from local.workflows.syntax import Node, SyntaxFault

# https://cloud.google.com/workflows/quotas#resource_limits
MAX_ASSIGNMENTS = 50
MAX_CONDITIONS = 50
MAX_BRANCHES = 10
MAX_CONCURRENCY = 20
MAX_PARALLEL_DEPTH = 2
SPECIAL_TARGETS = {"end", "break", "continue"}
KINDS = {
    "assign": {"next"},
    "call": {"args", "result", "next"},
    "switch": {"next"},
    "for": {"next"},
    "parallel": {"next"},
    "try": {"retry", "except", "next"},
    "steps": {"next"},
    "raise": set[str](),
    "return": set[str](),
    "next": set[str](),
}


@dataclass(frozen=True)
class Assignment:
    """``target[keys...] = value``."""

    name: str
    keys: tuple[Evaluate, ...]
    value: Template


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
    continue_all: bool = False
    body: "Step | None" = None
    retry: Retry | None = None
    error_name: str = ""
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


def load(path: Path) -> Program:
    """Read and check a file; ``Refused`` names the first thing that is wrong."""
    found = document.load(path)
    if isinstance(found, list):
        found = _map("main", _map("steps", found))
    if not isinstance(found, Map) or "main" not in found:
        raise Refused(f"{path}:1: a workflow is a list of steps, or a map of routines with main among them")
    return _Reader(path, found).program()


def _map(key: str, value: Any) -> Map:
    wrapped = Map(1)
    wrapped[key], wrapped.lines[key] = value, 1
    return wrapped


@dataclass(frozen=True)
class _Around:
    """What encloses a step: the targets it may jump to, and whether it stands in a loop or how deep in parallels."""

    targets: frozenset[str] = frozenset()
    in_loop: bool = False
    parallel: int = 0


class _Reader:
    def __init__(self, path: Path, source: Map) -> None:
        self.path = path
        self.source = source
        self.line = 1
        self.where = "workflow"
        self.assigned: set[str] = set()
        self.used: list[tuple[str, int, str]] = []  # variable, line, step

    def fault(self, reason: str) -> Refused:
        return Refused(f"{self.path}:{self.line}: {self.where}: {reason}", hint=f"edit {self.path}")

    def program(self) -> Program:
        routines = {}
        for name, value in self.source.items():
            self.line, self.where = self.source.lines[name], f"routine {name!r}"
            routines[name] = self._routine(name, value)
        return Program(self.path, routines)

    def _routine(self, name: str, value: Any) -> Routine:
        line = self.line
        if isinstance(value, list):
            raise self.fault("steps must stand under steps:")
        self._keys(value, {"steps"}, {"params"})
        self.assigned, self.used = set(), []
        parameters = [self._parameter(each) for each in value.get("params") or []]
        if name == "main" and len(parameters) > 1:
            raise self.fault("main has at most one parameter, the argument of the execution")
        block = self._block(value["steps"], _Around())
        for variable, at, step in self.used:
            if variable not in self.assigned:
                self.line, self.where = at, f"step {step!r}"
                raise self.fault(f"the variable {variable!r} is never assigned in routine {name!r}")
        return Routine(name, line, parameters, block)

    def _parameter(self, value: Any) -> tuple[str, Template | None]:
        if isinstance(value, str):
            self.assigned.add(value)
            return value, None
        if isinstance(value, Map) and len(value) == 1:
            ((name, default),) = value.items()
            self.assigned.add(name)
            return name, self._template(default)
        raise self.fault(f"a parameter is a name or name: default, found {value!r}")

    def _keys(self, value: Any, required: set[str], optional: set[str]) -> None:
        if not isinstance(value, Map):
            raise self.fault(f"a map with {', '.join(sorted(required))} is expected, found {value!r}")
        for key in value:
            if key not in required | optional:
                self.line = value.lines[key]
                raise self.fault(f"unknown key {key!r}; there are: {', '.join(sorted(required | optional))}")
        for key in sorted(required - set(value)):
            raise self.fault(f"{key!r} is missing")

    def _block(self, value: Any, around: _Around) -> Block:
        if not isinstance(value, list) or not value:
            raise self.fault("steps is a list of at least one step")
        names_here: dict[str, int] = {}
        for position, item in enumerate(value):
            if not (isinstance(item, Map) and len(item) == 1):
                raise self.fault(f"a step is one name and its body, found {item!r}")
            (name,) = item
            self.line = item.lines[name]
            if name in names_here:
                raise self.fault(f"two steps are named {name!r}")
            names_here[name] = position
        inner = _Around(around.targets | set(names_here), around.in_loop, around.parallel)
        steps = []
        for item in value:
            ((name, body),) = item.items()
            self.line, self.where = item.lines[name], f"step {name!r}"
            steps.append(self._step(name, body, inner))
        return Block(steps, names_here)

    def _step(self, name: str, body: Any, around: _Around) -> Step:
        if not isinstance(body, Map):
            raise self.fault(f"the body of a step is a map, found {body!r}")
        kinds = [kind for kind in KINDS if kind in body]
        if not kinds:
            raise self.fault(f"one of {', '.join(KINDS)} is expected, found: {', '.join(body) or 'nothing'}")
        kind = kinds[0]
        self._keys(body, {kind}, KINDS[kind])
        line = self.line
        step = Step(name, line, kind)
        if "next" in body:
            step.next = self._target(body["next"], around)
        if kind != "next":
            reader: Callable[[Step, Map, _Around], None] = getattr(self, f"_read_{kind}")
            reader(step, body, around)
        self.line, self.where = line, f"step {name!r}"
        return step

    def _target(self, value: Any, around: _Around) -> str:
        if value in ("break", "continue") and not around.in_loop:
            raise self.fault(f"next: {value} stands outside of a loop")
        if not isinstance(value, str) or (value not in SPECIAL_TARGETS and value not in around.targets):
            raise self.fault(f"next: there is no step {value!r} here")
        return value

    def _read_assign(self, step: Step, body: Map, _around: _Around) -> None:
        value = body["assign"]
        if not isinstance(value, list) or not all(isinstance(each, Map) and len(each) == 1 for each in value):
            raise self.fault("assign is a list of name: value")
        if len(value) > MAX_ASSIGNMENTS:
            raise self.fault(f"{len(value)} assignments, the limit of one step is {MAX_ASSIGNMENTS}")
        for each in value:
            ((target, source),) = each.items()
            self.line = each.lines[target]
            try:
                name, keys = syntax.parse_target(target)
            except SyntaxFault as fault:
                raise self.fault(str(fault)) from None
            for key in keys:
                self._check(key)
            template = self._template(source)
            if keys:
                self.used.append((name, self.line, step.name))
            self.assigned.add(name)
            step.assignments.append(Assignment(name, tuple(compile_node(key) for key in keys), template))

    def _read_call(self, step: Step, body: Map, _around: _Around) -> None:
        step.call = body["call"]
        function = FUNCTIONS.get(step.call)
        if function is None and step.call not in self.source:
            raise self.fault(f"call: neither a subworkflow nor a function or connector known here: {step.call!r}")
        arguments = body.get("args")
        if arguments is not None and not isinstance(arguments, Map):
            raise self.fault("args is a map of argument names")
        given = set(arguments or ())
        faults = function.faults(given) if function else self._routine_faults(step.call, given)
        if faults:
            raise self.fault(faults[0])
        step.arguments = self._template(arguments or {})
        if (result := body.get("result")) is not None:
            if not isinstance(result, str):
                raise self.fault(f"result is the name of a variable, found {result!r}")
            step.result = result
            self.assigned.add(result)

    def _routine_faults(self, name: str, given: set[str]) -> list[str]:
        declared = self.source[name].get("params") or [] if isinstance(self.source[name], Map) else []
        known = {next(iter(each)) if isinstance(each, Map) else each: isinstance(each, Map) for each in declared}
        unknown = [f"{name}: unknown argument {each!r}" for each in sorted(given - set(known))]
        missing = [
            f"{name}: argument {each!r} is missing" for each, has in known.items() if not has and each not in given
        ]
        return unknown + missing

    def _read_switch(self, step: Step, body: Map, around: _Around) -> None:
        value = body["switch"]
        if not isinstance(value, list) or not value or len(value) > MAX_CONDITIONS:
            raise self.fault(f"switch is a list of 1 to {MAX_CONDITIONS} conditions")
        for each in value:
            if not isinstance(each, Map) or "condition" not in each:
                raise self.fault(f"a branch of switch has a condition, found {each!r}")
            self.line = each.lines["condition"]
            condition = self._template(each["condition"])
            rest = Map(each.line)
            for key, item in each.items():
                if key != "condition":
                    rest[key], rest.lines[key] = item, each.lines[key]
            if set(rest) & {"switch", "for", "parallel", "try"}:
                raise self.fault("a branch of switch holds next, steps, assign, call, return or raise")
            step.conditions.append((condition, self._step(step.name, rest, around)))

    def _read_for(self, step: Step, body: Map, around: _Around) -> None:
        step.loop = self._loop(body["for"], parallel=around.parallel)

    def _loop(self, value: Any, *, parallel: int) -> Loop:
        self._keys(value, {"value", "steps"}, {"index", "in", "range"})
        if ("in" in value) == ("range" in value):
            raise self.fault("for has either in or range")
        over = self._template(value["in"] if "in" in value else value["range"])
        for name in (value["value"], value.get("index")):
            if name is not None:
                self.assigned.add(name)
        inside = _Around(frozenset(), in_loop=True, parallel=parallel)
        return Loop(value["value"], value.get("index"), over, "range" in value, self._block(value["steps"], inside))

    def _read_parallel(self, step: Step, body: Map, around: _Around) -> None:
        value = body["parallel"]
        depth = around.parallel + 1
        self._keys(value, set(), {"branches", "for", "shared", "concurrency_limit", "exception_policy"})
        if depth > MAX_PARALLEL_DEPTH:
            raise self.fault(f"parallel steps nest at most {MAX_PARALLEL_DEPTH} deep")
        if ("branches" in value) == ("for" in value):
            raise self.fault("parallel has either branches or for")
        if (policy := value.get("exception_policy", "continueAll")) != "continueAll":
            raise self.fault(f"exception_policy is continueAll or absent, found {policy!r}")
        step.continue_all = "exception_policy" in value
        step.shared = frozenset(value.get("shared") or ())
        step.concurrency = self._template(value["concurrency_limit"]) if "concurrency_limit" in value else None
        if "for" in value:
            step.loop = self._loop(value["for"], parallel=depth)
            return
        branches = value["branches"]
        if not isinstance(branches, list) or not 1 <= len(branches) <= MAX_BRANCHES:
            raise self.fault(f"branches is a list of 1 to {MAX_BRANCHES} branches")
        for each in branches:
            if not isinstance(each, Map) or len(each) != 1:
                raise self.fault(f"a branch is one name and its steps, found {each!r}")
            ((name, inner),) = each.items()
            self.line = each.lines[name]
            self._keys(inner, {"steps"}, set())
            step.branches.append((name, self._block(inner["steps"], _Around(parallel=depth))))

    def _read_try(self, step: Step, body: Map, around: _Around) -> None:
        if "retry" not in body and "except" not in body:
            raise self.fault("try has retry, except or both")
        step.body = self._step(step.name, body["try"], around)
        if "retry" in body:
            step.retry = self._retry(body["retry"])
        if "except" in body:
            self._keys(body["except"], {"as", "steps"}, set())
            step.error_name = body["except"]["as"]
            self.assigned.add(step.error_name)
            step.handler = self._block(body["except"]["steps"], around)

    def _retry(self, value: Any) -> Retry:
        if isinstance(value, str):
            return Retry(self._template(value))
        self._keys(value, {"predicate", "max_retries", "backoff"}, set())
        self._keys(value["backoff"], {"initial_delay", "max_delay", "multiplier"}, set())
        source = value["predicate"]
        name = source.strip()[2:-1].strip() if isinstance(source, str) and source.strip().startswith("${") else ""
        counts = (self._template(value["max_retries"]), self._template(value["backoff"]))
        if name in self.source:
            return Retry(None, None, name, *counts)
        return Retry(None, self._template(source), None, *counts)

    def _read_steps(self, step: Step, body: Map, around: _Around) -> None:
        step.block = self._block(body["steps"], around)

    def _read_raise(self, step: Step, body: Map, _around: _Around) -> None:
        step.value = self._template(body["raise"])

    def _read_return(self, step: Step, body: Map, _around: _Around) -> None:
        step.value = self._template(body["return"])

    def _template(self, value: Any) -> Template:
        try:
            template = Template(value)
        except SyntaxFault as fault:
            raise self.fault(str(fault)) from None
        for node in template.nodes:
            self._check(node)
        return template

    def _check(self, node: Node) -> None:
        """Everything an expression names is known, and what it calls may stand in an expression."""
        for name in names(node):
            self.used.append((name, self.line, self.where.removeprefix("step ").strip("'")))
        for call in _calls(node):
            function = FUNCTIONS.get(call.name)
            if function is None:
                if call.name not in self.source:
                    raise self.fault(f"neither a subworkflow nor a function known here: {call.name!r}")
                continue
            if function.blocking:
                raise self.fault(f"{call.name} may take long: it needs a call step of its own")
            required = sum(parameter.required for parameter in function.parameters)
            if not required <= len(call.arguments) <= len(function.parameters):
                raise self.fault(f"{call.name} takes {required} to {len(function.parameters)} arguments")


def _calls(node: Node) -> Iterator[syntax.Call]:
    return (each for each in syntax.walk(node) if isinstance(each, syntax.Call))
