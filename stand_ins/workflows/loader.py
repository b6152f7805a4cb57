"""Reads a workflow file: what is unknown, undefined or over a limit is refused with file, line and step.

https://cloud.google.com/workflows/docs/reference/syntax
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from stand_ins import yaml_file
from stand_ins.workflows import definition, syntax
from stand_ins.workflows.definition import Assignment, Block, For, Parallel, Program, Retry, Routine, Step
from stand_ins.workflows.expressions import Template, calls, compile_node
from stand_ins.workflows.signatures import argument_faults
from stand_ins.workflows.source_checks import SourceChecks, Surroundings
from stand_ins.workflows.syntax import SyntaxFault
from stand_ins.workflows.variables import Region, Variables
from stand_ins.yaml_file import Map, Refused

# https://cloud.google.com/workflows/quotas#resource_limits
MAX_SOURCE = 128 * 1024  # bytes
MAX_ASSIGNMENTS = 50
MAX_CONDITIONS = 50
MAX_BRANCHES = 10


def load(path: Path) -> Program:
    """Read and check a file; ``Refused`` names the first thing that is wrong.

    >>> load(Path("hello.workflows.yaml")).routines["main"]
    """
    source = yaml_file.load(path)
    if (size := path.stat().st_size) > MAX_SOURCE:
        raise Refused(f"{path}: {size} bytes, the limit of a workflow is {MAX_SOURCE}")
    if isinstance(source, list):
        source = _one("main", _one("steps", source))
    if not isinstance(source, Map) or "main" not in source:
        raise Refused(f"{path}:1: a workflow is a list of steps, or a map of routines with main among them")
    return _Reader(path, source).program()


def _one(key: str, value: Any) -> Map:
    wrapped = Map(1)
    wrapped[key], wrapped.lines[key] = value, 1
    return wrapped


class _Reader(SourceChecks):
    def __init__(self, path: Path, source: Map) -> None:
        super().__init__(path, source)
        self.step_names: set[str] = set()  # of the routine that is read now
        Read = Callable[[Map, Surroundings], Any]
        self.kinds: dict[str, tuple[Read, set[str]]] = {  # the reader of each, and the keys that may stand beside it
            "assign": (self.assign, {"next"}),
            "call": (self.call, {"args", "result", "next"}),
            "switch": (self.switch, {"next"}),
            "for": (lambda body, surroundings: self.loop(body["for"], surroundings, "loop"), {"next"}),
            "parallel": (self.parallel, {"next"}),
            "try": (self.try_, {"retry", "except", "next"}),
            "steps": (lambda body, surroundings: self.block(body["steps"], surroundings), {"next"}),
            "raise": (self.raise_, set()),
            "return": (self.return_, set()),
            "next": (lambda _body, _surroundings: None, set()),
        }

    def program(self) -> Program:
        routines = {}
        for name, value in self.source.items():
            self.line, self.where = self.source.lines[name], f"routine {name!r}"
            routines[name] = self.routine(name, value)
        return Program(self.path, routines)

    def routine(self, name: str, value: Any) -> Routine:
        self.check_keys(value, {"steps"}, {"params"})
        self.variables, self.step_names = Variables(), set()
        region = Region()
        declared = value.get("params") or []
        if not isinstance(declared, list):
            raise self.fault(f"params is a list of names, found {declared!r}")
        parameters = [self.parameter(each, region) for each in declared]
        if name == "main" and len(parameters) > 1:
            raise self.fault("main has at most one parameter, the argument of the execution")
        block = self.block(value["steps"], Surroundings(region))
        for line, step, reason in self.variables.faults(name):
            self.line, self.where = line, f"step {step!r}"
            raise self.fault(reason)
        return Routine(name, parameters, block)

    def parameter(self, value: Any, region: Region) -> tuple[str, Template | None]:
        name, default = next(iter(value.items())) if isinstance(value, Map) and len(value) == 1 else (value, None)
        region.declared.add(self.variable(name, "a parameter (or parameter: default)"))
        return name, self.template(default, Surroundings(Region())) if isinstance(value, Map) else None

    def block(self, value: Any, surroundings: Surroundings) -> Block:
        if not isinstance(value, list) or not value:
            raise self.fault("steps is a list of at least one step")
        at: dict[str, int] = {}
        for position, item in enumerate(value):
            if not (isinstance(item, Map) and len(item) == 1):
                raise self.fault(f"a step is one name and its body, found {item!r}")
            (name,) = item
            self.line = item.lines[name]
            if name in self.step_names:  # https://cloud.google.com/workflows/docs/reference/syntax/steps
                raise self.fault(f"two steps are named {name!r}; the names of a routine's steps differ")
            self.step_names.add(name)
            at[name] = position
        inside = replace(surroundings, targets=surroundings.targets | set(at))
        steps = []
        for item in value:
            ((name, body),) = item.items()
            self.line, self.where = item.lines[name], f"step {name!r}"
            steps.append(self.step(name, body, inside))
        return Block(steps, at)

    def step(self, name: str, body: Any, surroundings: Surroundings) -> Step:
        line = self.line
        if not isinstance(body, Map):
            raise self.fault(f"the body of a step is a map, found {body!r}")
        kind = next((kind for kind in self.kinds if kind in body), None)
        if kind is None:
            raise self.fault(f"one of {', '.join(self.kinds)} is expected, found: {', '.join(body) or 'nothing'}")
        read, beside = self.kinds[kind]
        self.check_keys(body, {kind}, beside)
        target = self.target(body["next"], surroundings) if "next" in body else None
        action = read(body, surroundings)
        self.line, self.where = line, f"step {name!r}"
        return Step(name, line, kind, action, target)

    def target(self, value: Any, surroundings: Surroundings) -> str:
        if value in ("break", "continue") and not surroundings.loop:
            raise self.fault(f"next: {value} stands outside of a loop")
        if (value == "break" and surroundings.loop == "parallel") or (value == "end" and surroundings.parallel):
            raise self.fault(f"next: {value} cannot leave a parallel step")
        if not isinstance(value, str) or value not in {"end", "break", "continue"} | surroundings.targets:
            raise self.fault(f"next: there is no step {value!r} here")
        return value

    def region(
        self, surroundings: Surroundings, *, shared: frozenset[str] | None = None, loop_names: tuple[str, ...] = ()
    ) -> Region:
        """A new region inside that of ``surroundings``."""
        region = Region(surroundings.region, shared, set(loop_names), loop_names, self.line, self.step_name)
        self.variables.regions.append(region)
        return region

    def assign(self, body: Map, surroundings: Surroundings) -> definition.Assign:
        value = body["assign"]
        if not isinstance(value, list) or not all(isinstance(each, Map) and len(each) == 1 for each in value):
            raise self.fault("assign is a list of name: value")
        if not 1 <= len(value) <= MAX_ASSIGNMENTS:
            raise self.fault(f"{len(value)} assignments, one step has 1 to {MAX_ASSIGNMENTS}")
        return definition.Assign([self.assignment(each, surroundings) for each in value])

    def assignment(self, value: Map, surroundings: Surroundings) -> Assignment:
        ((target, source),) = value.items()
        self.line = value.lines[target]
        try:
            name, keys = syntax.parse_target(target)
        except SyntaxFault as fault:
            raise self.fault(str(fault)) from None
        for key in keys:
            self.check_expression(key, surroundings)
        template = self.template(source, surroundings)
        if keys:
            self.mention(self.variables.uses, name, surroundings)
            self.mention(self.variables.assignments, name, surroundings)
        else:
            self.assigned(name, surroundings)
        atomic = not any(call.name in self.source for node in template.nodes for call in calls(node))
        return Assignment(name, tuple(map(compile_node, keys)), template, atomic)

    def call(self, body: Map, surroundings: Surroundings) -> definition.Call:
        name, arguments = body["call"], body.get("args")
        parameters = self.parameters(name) if isinstance(name, str) else None
        if parameters is None:
            raise self.fault(f"call: neither a subworkflow nor a function or connector known here: {name!r}")
        if arguments is not None and not isinstance(arguments, Map):
            raise self.fault("args is a map of argument names")
        for fault in argument_faults(name, parameters, set(arguments or ())):
            raise self.fault(fault)
        template = self.template(arguments or {}, surroundings)
        result = self.variable(body["result"], "result") if "result" in body else None
        if result is not None:
            self.assigned(result, surroundings)
        return definition.Call(name, template, result)

    def switch(self, body: Map, surroundings: Surroundings) -> definition.Switch:
        value = body["switch"]
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_CONDITIONS:
            raise self.fault(f"switch is a list of 1 to {MAX_CONDITIONS} conditions")
        name = self.step_name
        conditions = []
        for each in value:
            if not isinstance(each, Map) or "condition" not in each:
                raise self.fault(f"a branch of switch has a condition, found {each!r}")
            self.line = each.lines["condition"]
            condition = self.template(each["condition"], surroundings)
            if condition.constant and not isinstance(condition.value, bool):
                raise self.fault(f"condition: true, false or an expression is expected, found {condition.value!r}")
            rest = Map(each.line)
            for key in [key for key in each if key != "condition"]:
                rest[key], rest.lines[key] = each[key], each.lines[key]
            conditions.append((condition, self.step(name, rest, surroundings)))
        return definition.Switch(conditions)

    def loop(self, value: Any, surroundings: Surroundings, kind: str, shared: frozenset[str] | None = None) -> For:
        self.check_keys(value, {"value", "steps"}, {"index", "in", "range"})
        if ("in" in value) == ("range" in value):
            raise self.fault("for has either in or range")
        over = self.template(value["in"] if "in" in value else value["range"], surroundings)
        if not over.nodes and not isinstance(over.value, list):
            raise self.fault(f"for: a list or an expression is expected, found {over.value!r}")
        if "range" in value and isinstance(over.value, list) and len(over.value) != 2:
            raise self.fault(f"range is [begin, end], found {over.value!r}")
        loop_names = tuple(self.variable(value[key], key) for key in ("value", "index") if key in value)
        region = self.region(surroundings, shared=shared, loop_names=loop_names)
        inside = Surroundings(region, loop=kind, parallel=surroundings.parallel)
        index = loop_names[1] if len(loop_names) > 1 else None
        return For(loop_names[0], index, over, "range" in value, self.block(value["steps"], inside))

    def parallel(self, body: Map, surroundings: Surroundings) -> Parallel:
        value = body["parallel"]
        self.check_keys(value, set(), {"branches", "for", "shared", "concurrency_limit", "exception_policy"})
        inside = replace(surroundings, parallel=surroundings.parallel + 1)
        if inside.parallel > definition.MAX_PARALLEL_DEPTH:
            raise self.fault(f"parallel steps nest at most {definition.MAX_PARALLEL_DEPTH} deep")
        if ("branches" in value) == ("for" in value):
            raise self.fault("parallel has either branches or for")
        if (policy := value.get("exception_policy", "continueAll")) != "continueAll":
            raise self.fault(f"exception_policy: continueAll is the only one, found {policy!r}")
        names = value.get("shared") or []
        if not isinstance(names, list):
            raise self.fault(f"shared is a list of variables, found {names!r}")
        shared = frozenset(self.variable(each, "shared") for each in names)
        limit = self.template(value["concurrency_limit"], surroundings) if "concurrency_limit" in value else None
        if "for" in value:
            return Parallel([], self.loop(value["for"], inside, "parallel", shared), shared, limit)
        branches = value["branches"]
        if not isinstance(branches, list) or not 2 <= len(branches) <= MAX_BRANCHES:
            raise self.fault(f"branches is a list of 2 to {MAX_BRANCHES} branches")
        return Parallel([self.branch(each, inside, shared) for each in branches], None, shared, limit)

    def branch(self, value: Any, surroundings: Surroundings, shared: frozenset[str]) -> tuple[str, Block]:
        if not isinstance(value, Map) or len(value) != 1:
            raise self.fault(f"a branch is one name and its steps, found {value!r}")
        ((name, body),) = value.items()
        self.line = value.lines[name]
        self.check_keys(body, {"steps"}, set())
        region = self.region(surroundings, shared=shared)
        return name, self.block(body["steps"], Surroundings(region, parallel=surroundings.parallel))

    def try_(self, body: Map, surroundings: Surroundings) -> definition.Try:
        if "retry" not in body and "except" not in body:
            raise self.fault("try has retry, except or both")
        name = self.step_name
        step = self.step(
            name, _one("steps", body["try"]) if isinstance(body["try"], list) else body["try"], surroundings
        )
        retry = self.retry(body["retry"], surroundings) if "retry" in body else None
        error_name, handler = self.except_(body["except"], surroundings) if "except" in body else (None, None)
        return definition.Try(step, retry, error_name, handler)

    def except_(self, value: Any, surroundings: Surroundings) -> tuple[str | None, Block]:
        self.check_keys(value, set(), {"as", "steps"})
        inside = replace(surroundings, region=self.region(surroundings))
        error_name = self.variable(value["as"], "except: as") if "as" in value else None
        if error_name is not None:
            inside.region.declared.add(error_name)
        steps = value.get("steps")
        return error_name, Block([], {}) if steps is None else self.block(steps, inside)

    def retry(self, value: Any, surroundings: Surroundings) -> Retry:
        if isinstance(value, str):
            return Retry(self.template(value, surroundings))
        self.check_keys(value, {"max_retries", "backoff"}, {"predicate"})
        self.check_keys(value["backoff"], {"initial_delay", "max_delay", "multiplier"}, set())
        source = value.get("predicate", "${retry.always}")
        name = source.strip()[2:-1].strip() if isinstance(source, str) else ""
        counts = (self.template(value["max_retries"], surroundings), self.template(value["backoff"], surroundings))
        if name in self.source:
            if list((self.parameters(name) or {}).values()) != [True]:
                raise self.fault(f"retry: the predicate {name} has one parameter, the error")
            return Retry(None, None, name, *counts)
        return Retry(None, self.template(source, surroundings), None, *counts)

    def raise_(self, body: Map, surroundings: Surroundings) -> definition.Raise:
        return definition.Raise(self.template(body["raise"], surroundings))

    def return_(self, body: Map, surroundings: Surroundings) -> definition.Return:
        if surroundings.parallel:
            raise self.fault("return cannot leave a parallel step")
        return definition.Return(self.template(body["return"], surroundings))
