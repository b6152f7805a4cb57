"""What a workflow can call, by its name in the language. The annotations of a Python function are its type checks."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from stand_ins.workflows import connectors, http_calls, stdlib, text_functions
from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import failure
from stand_ins.workflows.values import type_name


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

    def positional(self, execution: Execution, values: list[Any]) -> Any:
        """Call with the arguments of an expression."""
        return self.named(execution, {p.name: value for p, value in zip(self.parameters, values, strict=False)})

    def named(self, execution: Execution, arguments: dict[str, Any]) -> Any:
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


def _function(name: str, python: Callable[..., Any], *, blocking: bool) -> Function:
    parameters = list(inspect.signature(python).parameters.values())
    with_execution = bool(parameters) and parameters[0].name == "execution"
    return Function(name, python, tuple(map(_parameter, parameters[with_execution:])), blocking, with_execution)


def _parameter(parameter: inspect.Parameter) -> Parameter:
    annotation = parameter.annotation
    kinds = None if annotation is Any else frozenset(get_args(annotation) or (annotation,))
    return Parameter(parameter.name, parameter.default is inspect.Parameter.empty, kinds)


_QUICK = stdlib.FUNCTIONS | text_functions.FUNCTIONS | http_calls.FUNCTIONS
_BLOCKING = stdlib.BLOCKING | http_calls.BLOCKING | connectors.BLOCKING
FUNCTIONS = {name: _function(name, python, blocking=False) for name, python in _QUICK.items()}
FUNCTIONS |= {name: _function(name, python, blocking=True) for name, python in _BLOCKING.items()}

_BACKOFF = {"initial_delay": 1.0, "max_delay": 60.0, "multiplier": 1.25}
_PREDICATES = ("http.default_retry_predicate", "http.default_retry_predicate_non_idempotent")
_IDEMPOTENT, _NON_IDEMPOTENT = (FUNCTIONS[name] for name in _PREDICATES)
CONSTANTS: dict[str, Any] = {  # dotted names that are values
    **{name: FUNCTIONS[name] for name in ("retry.always", "retry.never", *_PREDICATES)},
    "retry.default_backoff": _BACKOFF,
    "http.default_retry": {"predicate": _IDEMPOTENT, "max_retries": 5, "backoff": _BACKOFF},
    "http.default_retry_non_idempotent": {"predicate": _NON_IDEMPOTENT, "max_retries": 5, "backoff": _BACKOFF},
}
