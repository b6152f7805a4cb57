"""Reads a workflow file: what is unknown, undefined or over a limit is refused with file, line and step.

https://cloud.google.com/workflows/docs/reference/syntax
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stand_ins.workflows import connectors, document, http, stdlib, syntax, text  # noqa: F401  they register what can be called
from stand_ins.workflows.document import Map
from stand_ins.workflows.errors import Refused
from stand_ins.workflows.expressions import Template, compile_node, names
from stand_ins.workflows.functions import FUNCTIONS
from stand_ins.workflows.names import Mention, Names, Region
from stand_ins.workflows.steps import Assignment, Block, Loop, Program, Retry, Routine, Step
from stand_ins.workflows.syntax import Call, Node, SyntaxFault

# https://cloud.google.com/workflows/quotas#resource_limits
MAX_ASSIGNMENTS = 50
MAX_CONDITIONS = 50
MAX_BRANCHES = 10
MAX_PARALLEL_DEPTH = 2
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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


def load(path: Path) -> Program:
    """Read and check a file; ``Refused`` names the first thing that is wrong."""
    found = document.load(path)
    if isinstance(found, list):
        found = _one("main", _one("steps", found))
    if not isinstance(found, Map) or "main" not in found:
        raise Refused(f"{path}:1: a workflow is a list of steps, or a map of routines with main among them")
    return _Reader(path, found).program()


def _one(key: str, value: Any) -> Map:
    wrapped = Map(1)
    wrapped[key], wrapped.lines[key] = value, 1
    return wrapped


@dataclass(frozen=True)
class _Around:
    """What encloses a step: where its variables live, where it may jump, and which loop and parallel step it is in."""

    region: Region
    targets: frozenset[str] = frozenset()
    loop: str = ""  # "", "loop" or "parallel": the innermost loop
    parallel: int = 0


class _Reader:
    def __init__(self, path: Path, source: Map) -> None:
        self.path = path
        self.source = source
        self.line = 1
        self.where = "workflow"
        self.names = Names()
        self.step_names: set[str] = set()

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
        self._keys(value, {"steps"}, {"params"})
        self.names, self.step_names = Names(), set()
        region = Region()
        declared = value.get("params") or []
        if not isinstance(declared, list):
            raise self.fault(f"params is a list of names, found {declared!r}")
        parameters = [self._parameter(each, region) for each in declared]
        if name == "main" and len(parameters) > 1:
            raise self.fault("main has at most one parameter, the argument of the execution")
        block = self._block(value["steps"], _Around(region))
        for at, step, reason in self.names.faults(name):
            self.line, self.where = at, f"step {step!r}"
            raise self.fault(reason)
        return Routine(name, line, parameters, block)

    def _parameter(self, value: Any, region: Region) -> tuple[str, Template | None]:
        name, default = next(iter(value.items())) if isinstance(value, Map) and len(value) == 1 else (value, None)
        region.declared.add(self._variable(name, "a parameter (or parameter: default)"))
        return name, self._template(default, _Around(Region())) if isinstance(value, Map) else None

    def _variable(self, value: Any, what: str) -> str:
        if not isinstance(value, str) or not VARIABLE.fullmatch(value) or value in syntax.WORDS | syntax.CONSTANTS:
            raise self.fault(f"{what} is a name of letters, digits and underscores, found {value!r}")
        return value

    def _keys(self, value: Any, required: set[str], optional: set[str]) -> None:
        if not isinstance(value, Map):
            raise self.fault(f"a map with {', '.join(sorted(required | optional))} is expected, found {value!r}")
        for key in value:
            if key not in required | optional:
                self.line = value.lines[key]
                raise self.fault(f"unknown key {key!r}; there are: {', '.join(sorted(required | optional))}")
        for key in sorted(required - set(value)):
            raise self.fault(f"{key!r} is missing")

    def _block(self, value: Any, around: _Around) -> Block:
        if not isinstance(value, list) or not value:
            raise self.fault("steps is a list of at least one step")
        here: dict[str, int] = {}
        for position, item in enumerate(value):
            if not (isinstance(item, Map) and len(item) == 1):
                raise self.fault(f"a step is one name and its body, found {item!r}")
            (name,) = item
            self.line = item.lines[name]
            if name in self.step_names:  # https://cloud.google.com/workflows/docs/reference/syntax/steps
                raise self.fault(f"two steps are named {name!r}; the names of a routine's steps differ")
            self.step_names.add(name)
            here[name] = position
        inner = replace(around, targets=around.targets | set(here))
        steps = []
        for item in value:
            ((name, body),) = item.items()
            self.line, self.where = item.lines[name], f"step {name!r}"
            steps.append(self._step(name, body, inner))
        return Block(steps, here)

    def _step(self, name: str, body: Any, around: _Around) -> Step:
        line = self.line
        if not isinstance(body, Map):
            raise self.fault(f"the body of a step is a map, found {body!r}")
        kinds = [kind for kind in KINDS if kind in body]
        if not kinds:
            raise self.fault(f"one of {', '.join(KINDS)} is expected, found: {', '.join(body) or 'nothing'}")
        self._keys(body, {kinds[0]}, KINDS[kinds[0]])
        step = Step(name, line, kinds[0])
        if "next" in body:
            step.next = self._target(body["next"], around)
        if step.kind != "next":
            reader: Callable[[Step, Map, _Around], None] = getattr(self, f"_read_{step.kind}")
            reader(step, body, around)
        self.line, self.where = line, f"step {name!r}"
        return step

    def _target(self, value: Any, around: _Around) -> str:
        if value in ("break", "continue") and not around.loop:
            raise self.fault(f"next: {value} stands outside of a loop")
        if (value == "break" and around.loop == "parallel") or (value == "end" and around.parallel):
            raise self.fault(f"next: {value} cannot leave a parallel step")
        if not isinstance(value, str) or value not in {"end", "break", "continue"} | around.targets:
            raise self.fault(f"next: there is no step {value!r} here")
        return value

    def _assigned(self, name: str, around: _Around) -> None:
        around.region.declared.add(name)
        self._mention(self.names.assignments, name, around)

    def _mention(self, mentions: list[Mention], name: str, around: _Around) -> None:
        mentions.append(Mention(name, self.line, self.where.removeprefix("step ").strip("'"), around.region))

    def _inner(self, around: _Around, *, shared: frozenset[str] | None = None, loop: tuple[str, ...] = ()) -> Region:
        step = self.where.removeprefix("step ").strip("'")
        region = Region(around.region, shared, set(loop), loop, self.line, step)
        self.names.regions.append(region)
        return region

    def _read_assign(self, step: Step, body: Map, around: _Around) -> None:
        value = body["assign"]
        if not isinstance(value, list) or not all(isinstance(each, Map) and len(each) == 1 for each in value):
            raise self.fault("assign is a list of name: value")
        if not 1 <= len(value) <= MAX_ASSIGNMENTS:
            raise self.fault(f"{len(value)} assignments, one step has 1 to {MAX_ASSIGNMENTS}")
        for each in value:
            ((target, source),) = each.items()
            self.line = each.lines[target]
            try:
                name, keys = syntax.parse_target(target)
            except SyntaxFault as fault:
                raise self.fault(str(fault)) from None
            for key in keys:
                self._check(key, around)
            template = self._template(source, around)
            if keys:
                self._mention(self.names.uses, name, around)
                self._mention(self.names.assignments, name, around)
            else:
                self._assigned(name, around)
            atomic = not any(call.name in self.source for node in template.nodes for call in _calls(node))
            step.assignments.append(Assignment(name, tuple(map(compile_node, keys)), template, atomic))

    def _read_call(self, step: Step, body: Map, around: _Around) -> None:
        step.call = body["call"]
        function = FUNCTIONS.get(step.call) if isinstance(step.call, str) and step.call not in self.source else None
        if function is None and not (isinstance(step.call, str) and step.call in self.source):
            raise self.fault(f"call: neither a subworkflow nor a function or connector known here: {step.call!r}")
        arguments = body.get("args")
        if arguments is not None and not isinstance(arguments, Map):
            raise self.fault("args is a map of argument names")
        given = set(arguments or ())
        faults = function.faults(given) if function else self._routine_faults(step.call, given)
        if faults:
            raise self.fault(faults[0])
        step.arguments = self._template(arguments or {}, around)
        if "result" in body:
            step.result = self._variable(body["result"], "result")
            self._assigned(step.result, around)

    def _routine_parameters(self, name: str) -> dict[str, bool]:
        """Parameters of a routine as declared, and whether each must be given; faults in them are found elsewhere."""
        routine = self.source[name]
        declared = routine.get("params") if isinstance(routine, Map) else None
        each = declared if isinstance(declared, list) else []
        return {str(next(iter(p)) if isinstance(p, Map) and p else p): not isinstance(p, Map) for p in each}

    def _routine_faults(self, name: str, given: set[str]) -> list[str]:
        known = self._routine_parameters(name)
        unknown = [f"{name}: unknown argument {each!r}" for each in sorted(given - set(known))]
        missing = [each for each, needed in known.items() if needed and each not in given]
        return unknown + [f"{name}: argument {each!r} is missing" for each in missing]

    def _read_switch(self, step: Step, body: Map, around: _Around) -> None:
        value = body["switch"]
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_CONDITIONS:
            raise self.fault(f"switch is a list of 1 to {MAX_CONDITIONS} conditions")
        for each in value:
            if not isinstance(each, Map) or "condition" not in each:
                raise self.fault(f"a branch of switch has a condition, found {each!r}")
            self.line = each.lines["condition"]
            condition = self._template(each["condition"], around)
            if condition.constant and not isinstance(condition.value, bool):
                raise self.fault(f"condition: true, false or an expression is expected, found {condition.value!r}")
            rest = Map(each.line)
            for key, item in each.items():
                if key != "condition":
                    rest[key], rest.lines[key] = item, each.lines[key]
            step.conditions.append((condition, self._step(step.name, rest, around)))

    def _read_for(self, step: Step, body: Map, around: _Around) -> None:
        step.loop = self._loop(body["for"], around, "loop")

    def _loop(self, value: Any, around: _Around, kind: str, shared: frozenset[str] | None = None) -> Loop:
        self._keys(value, {"value", "steps"}, {"index", "in", "range"})
        if ("in" in value) == ("range" in value):
            raise self.fault("for has either in or range")
        over = self._template(value["in"] if "in" in value else value["range"], around)
        if not over.nodes and not isinstance(over.value, list):
            raise self.fault(f"for: a list or an expression is expected, found {over.value!r}")
        if "range" in value and isinstance(over.value, list) and len(over.value) != 2:
            raise self.fault(f"range is [begin, end], found {over.value!r}")
        named = [self._variable(value[key], key) for key in ("value", "index") if key in value]
        region = self._inner(around, shared=shared, loop=tuple(named))
        inside = _Around(region, loop=kind, parallel=around.parallel)
        index = named[1] if len(named) > 1 else None
        return Loop(named[0], index, over, "range" in value, self._block(value["steps"], inside))

    def _read_parallel(self, step: Step, body: Map, around: _Around) -> None:
        value = body["parallel"]
        self._keys(value, set(), {"branches", "for", "shared", "concurrency_limit", "exception_policy"})
        inside = replace(around, parallel=around.parallel + 1)
        if inside.parallel > MAX_PARALLEL_DEPTH:
            raise self.fault(f"parallel steps nest at most {MAX_PARALLEL_DEPTH} deep")
        if ("branches" in value) == ("for" in value):
            raise self.fault("parallel has either branches or for")
        if (policy := value.get("exception_policy", "continueAll")) != "continueAll":
            raise self.fault(f"exception_policy: continueAll is the only one, found {policy!r}")
        shared = value.get("shared") or []
        if not isinstance(shared, list):
            raise self.fault(f"shared is a list of variables, found {shared!r}")
        step.shared = frozenset(self._variable(each, "shared") for each in shared)
        if "concurrency_limit" in value:
            step.concurrency = self._template(value["concurrency_limit"], around)
        if "for" in value:
            step.loop = self._loop(value["for"], inside, "parallel", step.shared)
            return
        branches = value["branches"]
        if not isinstance(branches, list) or not 2 <= len(branches) <= MAX_BRANCHES:
            raise self.fault(f"branches is a list of 2 to {MAX_BRANCHES} branches")
        for each in branches:
            if not isinstance(each, Map) or len(each) != 1:
                raise self.fault(f"a branch is one name and its steps, found {each!r}")
            ((name, body_),) = each.items()
            self.line = each.lines[name]
            self._keys(body_, {"steps"}, set())
            region = self._inner(around, shared=step.shared)
            step.branches.append((name, self._block(body_["steps"], _Around(region, parallel=inside.parallel))))

    def _read_try(self, step: Step, body: Map, around: _Around) -> None:
        if "retry" not in body and "except" not in body:
            raise self.fault("try has retry, except or both")
        tried = _one("steps", body["try"]) if isinstance(body["try"], list) else body["try"]
        step.body = self._step(step.name, tried, around)
        if "retry" in body:
            step.retry = self._retry(body["retry"], around)
        if "except" in body:
            self._keys(body["except"], set(), {"as", "steps"})
            inside = replace(around, region=self._inner(around))
            if "as" in body["except"]:
                step.error_name = self._variable(body["except"]["as"], "except: as")
                inside.region.declared.add(step.error_name)
            handler = body["except"].get("steps")
            step.handler = Block([], {}) if handler is None else self._block(handler, inside)

    def _retry(self, value: Any, around: _Around) -> Retry:
        if isinstance(value, str):
            return Retry(self._template(value, around))
        self._keys(value, {"max_retries", "backoff"}, {"predicate"})
        self._keys(value["backoff"], {"initial_delay", "max_delay", "multiplier"}, set())
        source = value.get("predicate", "${retry.always}")
        name = source.strip()[2:-1].strip() if isinstance(source, str) else ""
        counts = (self._template(value["max_retries"], around), self._template(value["backoff"], around))
        if name in self.source:
            if list(self._routine_parameters(name).values()) != [True]:
                raise self.fault(f"retry: the predicate {name} has one parameter, the error")
            return Retry(None, None, name, *counts)
        return Retry(None, self._template(source, around), None, *counts)

    def _read_steps(self, step: Step, body: Map, around: _Around) -> None:
        step.block = self._block(body["steps"], around)

    def _read_raise(self, step: Step, body: Map, around: _Around) -> None:
        step.value = self._template(body["raise"], around)

    def _read_return(self, step: Step, body: Map, around: _Around) -> None:
        if around.parallel:
            raise self.fault("return cannot leave a parallel step")
        step.value = self._template(body["return"], around)

    def _template(self, value: Any, around: _Around) -> Template:
        try:
            template = Template(value)
        except SyntaxFault as fault:
            raise self.fault(str(fault)) from None
        for node in template.nodes:
            self._check(node, around)
        return template

    def _check(self, node: Node, around: _Around) -> None:
        """Everything an expression names is known, and what it calls may stand in an expression."""
        for name in names(node):
            self._mention(self.names.uses, name, around)
        for call in _calls(node):
            if call.name in self.source:  # a file's own subworkflow goes before the library's
                required = list(self._routine_parameters(call.name).values())
            elif (function := FUNCTIONS.get(call.name)) is None:
                raise self.fault(f"neither a subworkflow nor a function known here: {call.name!r}")
            elif function.blocking:
                raise self.fault(f"{call.name} may take long: it needs a call step of its own")
            else:
                required = [parameter.required for parameter in function.parameters]
            if not sum(required) <= len(call.arguments) <= len(required):
                takes = f"{sum(required)} to {len(required)}" if sum(required) != len(required) else f"{len(required)}"
                raise self.fault(f"{call.name} takes {takes} arguments, found {len(call.arguments)}")


def _calls(node: Node) -> list[Call]:
    return [each for each in syntax.walk(node) if isinstance(each, Call)]
