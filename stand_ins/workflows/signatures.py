"""A function that workflows can call: its Python, and the names and types of its arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import failure
from stand_ins.workflows.values import type_name


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; ``kinds`` are the exact Python types it takes, none for any."""

    name: str
    kinds: tuple[type, ...]
    required: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the standard library or a connector.

    ``blocking`` ones may not stand in an expression, only in a call step:
    https://cloud.google.com/workflows/docs/reference/syntax/expressions#blocking-calls
    """

    name: str
    python: Callable[..., Any]  # takes the parameters by position
    parameters: tuple[Parameter, ...]
    blocking: bool
    with_execution: bool  # its first argument is the running execution

    def positional(self, execution: Execution, values: list[Any]) -> Any:
        """Call with the arguments of an expression."""
        return self.named(execution, {p.name: value for p, value in zip(self.parameters, values, strict=False)})

    def named(self, execution: Execution, arguments: dict[str, Any]) -> Any:
        """Call with the ``args`` of a call step."""
        for fault in argument_faults(self.name, self.required, set(arguments)):
            raise failure("TypeError", fault)
        for parameter in self.parameters:
            if parameter.name in arguments:
                self._check(parameter, arguments[parameter.name])
        values = [arguments.get(parameter.name, parameter.default) for parameter in self.parameters]
        return self.python(execution, *values) if self.with_execution else self.python(*values)

    @property
    def required(self) -> dict[str, bool]:
        """Each parameter, and whether it must be given."""
        return {parameter.name: parameter.required for parameter in self.parameters}

    def _check(self, parameter: Parameter, value: Any) -> None:
        if parameter.kinds and type(value) not in parameter.kinds:
            expected = " or ".join(sorted(type_name(kind()) for kind in parameter.kinds))
            raise failure("TypeError", f"{self.name}: {parameter.name} must be {expected}, found {type_name(value)}")


@dataclass(frozen=True, slots=True)
class Optional:
    """The type of an argument that may be left out, and its default."""

    kind: Any
    default: Any = None


def argument_faults(name: str, parameters: dict[str, bool], given: set[str]) -> list[str]:
    """Why arguments of these names do not fit the parameters, of which the true ones are required."""
    there_are = ", ".join(parameters) or "none"
    unknown = [f"{name}: unknown argument {each!r}; there are: {there_are}" for each in sorted(given - set(parameters))]
    missing = [each for each, required in parameters.items() if required and each not in given]
    return unknown + [f"{name}: argument {each!r} is missing" for each in missing]


def function(
    name: str, python: Callable[..., Any], /, *, blocking: bool = False, with_execution: bool = False, **kinds: Any
) -> Function:
    """A function; ``kinds`` are the types of its arguments, by name and in the documented order.

    >>> function("math.max", max, x=int | float, y=int | float)
    """
    return Function(name, python, tuple(_parameter(*each) for each in kinds.items()), blocking, with_execution)


def _parameter(name: str, kind: Any) -> Parameter:
    required = not isinstance(kind, Optional)
    optional = Optional(kind) if required else kind
    kinds = () if optional.kind is Any else get_args(optional.kind) or (optional.kind,)
    return Parameter(name, kinds, required, optional.default)
