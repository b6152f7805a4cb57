"""Checks for every part of a workflow file: its keys, its names, and what its expressions mention and call."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stand_ins.workflows import syntax
from stand_ins.workflows.expressions import Template, calls, names
from stand_ins.workflows.library import FUNCTIONS
from stand_ins.workflows.syntax import Node, SyntaxFault
from stand_ins.workflows.variables import Mention, Region, Variables
from stand_ins.yaml_file import Map, Refused

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Surroundings:
    """What encloses a step: where its variables live, where it may jump, and which loop and parallel step it is in."""

    region: Region
    targets: frozenset[str] = frozenset()
    loop: str = ""  # "", "loop" or "parallel": the innermost loop
    parallel: int = 0


class SourceChecks:
    """One file. ``line`` and ``where`` are the place that is read now, for the message of a fault."""

    def __init__(self, path: Path, source: Map) -> None:
        self.path = path
        self.source = source
        self.line = 1
        self.where = ""
        self.variables = Variables()  # of the routine that is read now

    def fault(self, reason: str) -> Refused:
        """The error for the place that is read now."""
        return Refused(f"{self.path}:{self.line}: {self.where}: {reason}\n  next: edit {self.path}")

    def check_keys(self, value: Any, required: set[str], optional: set[str]) -> None:
        """``value`` is a map with the required keys and no unknown one."""
        known = ", ".join(sorted(required | optional))
        if not isinstance(value, Map):
            raise self.fault(f"a map with {known} is expected, found {value!r}")
        for key in value:
            if key not in required | optional:
                self.line = value.lines[key]
                raise self.fault(f"unknown key {key!r}; there are: {known}")
        for key in sorted(required - set(value)):
            raise self.fault(f"{key!r} is missing")

    def variable(self, value: Any, what: str) -> str:
        """``value``, which must be a valid name."""
        if not isinstance(value, str) or not VARIABLE.fullmatch(value) or value in syntax.WORDS | syntax.CONSTANTS:
            raise self.fault(f"{what} is a name of letters, digits and underscores, found {value!r}")
        return value

    def assigned(self, name: str, surroundings: Surroundings) -> None:
        """Note that a step assigns a variable."""
        surroundings.region.declared.add(name)
        self.mention(self.variables.assignments, name, surroundings)

    def mention(self, mentions: list[Mention], name: str, surroundings: Surroundings) -> None:
        """Note a name at the place that is read now."""
        mentions.append(Mention(name, self.line, self.step_name, surroundings.region))

    @property
    def step_name(self) -> str:
        """The step that is read now."""
        return self.where.removeprefix("step ").strip("'")

    def template(self, value: Any, surroundings: Surroundings) -> Template:
        """A value compiled, with every expression in it checked."""
        try:
            template = Template(value)
        except SyntaxFault as fault:
            raise self.fault(str(fault)) from None
        for node in template.nodes:
            self.check_expression(node, surroundings)
        return template

    def check_expression(self, node: Node, surroundings: Surroundings) -> None:
        """Everything an expression names is known, and what it calls may stand in an expression."""
        for name in names(node):
            self.mention(self.variables.uses, name, surroundings)
        for call in calls(node):
            if (parameters := self.parameters(call.name)) is None:
                raise self.fault(f"neither a subworkflow nor a function known here: {call.name!r}")
            if call.name not in self.source and FUNCTIONS[call.name].blocking:
                raise self.fault(f"{call.name} may take long: it needs a call step of its own")
            required = list(parameters.values())
            if not sum(required) <= len(call.arguments) <= len(required):
                takes = f"{sum(required)} to {len(required)}" if sum(required) != len(required) else f"{len(required)}"
                raise self.fault(f"{call.name} takes {takes} arguments, found {len(call.arguments)}")

    def parameters(self, name: str) -> dict[str, bool] | None:
        """What a call of ``name`` takes, and whether it must be given; None for an unknown name.

        A file's own subworkflow goes before the library's. What is wrong with its ``params`` is refused elsewhere.
        """
        if name not in self.source:
            return FUNCTIONS[name].required if name in FUNCTIONS else None
        routine = self.source[name]
        declared = routine.get("params") if isinstance(routine, Map) else None
        each = declared if isinstance(declared, list) else []
        return {str(next(iter(p)) if isinstance(p, Map) and p else p): not isinstance(p, Map) for p in each}
