"""What can be called: a decorator puts a Python function into the library; its annotations are the type checks."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from stand_ins.workflows.errors import failure
from stand_ins.workflows.values import type_name

if TYPE_CHECKING:
    from stand_ins.workflows.execution import Execution

Number = int | float
Python = TypeVar("Python", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; ``kinds`` are the exact Python types it takes, None for any."""

    name: str
    required: bool
    kinds: frozenset[type] | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the standard library or a connector.

    ``blocking`` ones may not stand in an expression, only in a call step:
    https://cloud.google.com/workflows/docs/reference/syntax/expressions#blocking-calls
    """

    name: str
    python: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    blocking: bool
    with_execution: bool  # its first argument is the running execution

    def positional(self, execution: "Execution", values: list[Any]) -> Any:
        """Call with the arguments of an expression."""
        return self.named(execution, {p.name: value for p, value in zip(self.parameters, values, strict=False)})

    def named(self, execution: "Execution", arguments: dict[str, Any]) -> Any:
        """Call with the ``args`` of a call step."""
        for fault in self.faults(set(arguments)):
            raise failure("TypeError", fault)
        for parameter in self.parameters:
            if parameter.name in arguments:
                self._check(parameter, arguments[parameter.name])
        return self.python(execution, **arguments) if self.with_execution else self.python(**arguments)

    def faults(self, given: set[str]) -> list[str]:
        """Why arguments of these names do not fit."""
        known = [parameter.name for parameter in self.parameters]
        there_are = ", ".join(known) or "none"
        unknown = [f"{self.name}: unknown argument {name!r}; there are: {there_are}" for name in given - set(known)]
        missing = [p.name for p in self.parameters if p.required and p.name not in given]
        return sorted(unknown) + [f"{self.name}: argument {name!r} is missing" for name in missing]

    def _check(self, parameter: Parameter, value: Any) -> None:
        if parameter.kinds is not None and type(value) not in parameter.kinds:
            expected = " or ".join(sorted(type_name(kind()) for kind in parameter.kinds))
            raise failure("TypeError", f"{self.name}: {parameter.name} must be {expected}, found {type_name(value)}")


FUNCTIONS: dict[str, Function] = {}
CONSTANTS: dict[str, Any] = {}  # dotted names that are values, such as http.default_retry


def function(name: str, *, blocking: bool = False) -> Callable[[Python], Python]:
    """Register a Python function under its name in the language; parameter names are the documented ones."""

    def register(python: Python) -> Python:
        parameters = list(inspect.signature(python).parameters.values())
        with_execution = bool(parameters) and parameters[0].name == "execution"
        FUNCTIONS[name] = Function(
            name=name,
            python=python,
            parameters=tuple(_parameter(parameter) for parameter in parameters[with_execution:]),
            blocking=blocking,
            with_execution=with_execution,
        )
        return python

    return register


def _parameter(parameter: inspect.Parameter) -> Parameter:
    annotation = parameter.annotation
    kinds = None if annotation is Any else frozenset(get_args(annotation) or (annotation,))
    return Parameter(parameter.name, parameter.default is inspect.Parameter.empty, kinds)
