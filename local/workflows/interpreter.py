"""Walks the steps of an execution. How a block ended (fell through, jump, return) is a value, never an exception."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local.workflows.errors import Place, WorkflowError, failure
from local.workflows.execution import MAX_DEPTH, Execution, Frame, Scope, StepEntry
from local.workflows.expressions import element, replaced
from local.workflows.functions import FUNCTIONS, Function
from local.workflows.program import MAX_CONCURRENCY, Block, Loop, Retry, Routine, Step
from local.workflows.values import boolean, is_number, type_name

MAX_TRUNCATED = 10  # branch errors that UnhandledBranchError lists


@dataclass(frozen=True, slots=True)
class Jump:
    """``next``: to a step of this or an enclosing block, or end, break, continue."""

    target: str


@dataclass(frozen=True, slots=True)
class Return:
    """``return``, with its value."""

    value: Any


Ending = Jump | Return | None


def run(execution: Execution, argument: Any) -> Any:
    """Run main with the argument of the execution; its result, or the error it ends with."""
    main = execution.program.routines["main"]
    given = {main.parameters[0][0]: argument} if main.parameters and argument is not None else {}
    if main.parameters and argument is None and main.parameters[0][1] is None:
        given = {main.parameters[0][0]: None}
    return _run_routine(execution, main, given, Frame("main", 0))


def call_routine(execution: Execution, routine: Routine, arguments: dict[str, Any], caller: Frame) -> Any:
    """Call a subworkflow; its result, null without a return."""
    if caller.depth + 1 >= MAX_DEPTH:
        raise failure("RecursionError", f"call stack deeper than {MAX_DEPTH}")
    return _run_routine(execution, routine, arguments, Frame(routine.name, caller.depth + 1, caller.parallel))


def _run_routine(execution: Execution, routine: Routine, arguments: dict[str, Any], frame: Frame) -> Any:
    scope = Scope(execution, frame)
    for name, default in routine.parameters:
        if name in arguments:
            scope.put(name, arguments[name])
        elif default is not None:
            scope.put(name, default.evaluate(scope))
        else:
            raise failure("TypeError", f"{routine.name}: argument {name!r} is missing")
    ending = _block(routine.block, scope)
    scope.close()
    return ending.value if isinstance(ending, Return) else None


def _block(block: Block, scope: Scope) -> Ending:
    position = 0
    while position < len(block.steps):
        ending = _step(block.steps[position], scope)
        if ending is None:
            position += 1
        elif isinstance(ending, Jump) and ending.target in block.at:
            position = block.at[ending.target]
        else:
            return ending
    return None


def _step(step: Step, scope: Scope) -> Ending:
    entry = scope.execution.begin_step(scope.frame, step.name, step.kind)
    try:
        ending = RUN[step.kind](step, scope, entry)
    except WorkflowError as error:
        error.passed(scope.frame, Place(scope.frame.routine, step.name, step.line))
        entry.error = error.message
        raise
    finally:
        entry.ended = scope.execution.clock.now()
    if ending is None and step.next is not None:
        return Jump(step.next)
    return ending


def _assign(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    for assignment in step.assignments:
        value = assignment.value.evaluate(scope)
        with scope.execution.assigning:
            if assignment.keys:
                keys = [key(scope) for key in assignment.keys]
                value = replaced(scope.get(assignment.name), keys, value)
            scope.set(assignment.name, value)
    return None


def _call(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    assert step.arguments is not None  # noqa: S101  the loader gives every call step its arguments
    arguments = step.arguments.evaluate(scope)
    function = FUNCTIONS.get(step.call)
    if function is not None:
        result = function.named(scope.execution, arguments)
    else:
        result = call_routine(scope.execution, scope.execution.program.routines[step.call], arguments, scope.frame)
    if step.result is not None:
        with scope.execution.assigning:
            scope.set(step.result, result)
    return None


def _switch(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    for condition, branch in step.conditions:
        if boolean(condition.evaluate(scope), "condition"):
            ending = RUN[branch.kind](branch, scope, _entry)
            return Jump(branch.next) if ending is None and branch.next is not None else ending
    return None


def _for(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    assert step.loop is not None  # noqa: S101  the loader gives every for step its loop
    for index, value in enumerate(_elements(step.loop, scope)):
        ending = _iteration(step.loop, index, value, scope)
        if isinstance(ending, Jump) and ending.target == "break":
            return None
        if ending is not None and not (isinstance(ending, Jump) and ending.target == "continue"):
            return ending
    return None


def _iteration(loop: Loop, index: int, value: Any, scope: Scope) -> Ending:
    inner = Scope(scope.execution, scope.frame, scope)
    inner.put(loop.value, value)
    if loop.index is not None:
        inner.put(loop.index, index)
    ending = _block(loop.block, inner)
    inner.close()
    return ending


def _elements(loop: Loop, scope: Scope) -> list[Any]:
    """The list, or the numbers of a range, both ends included."""
    over = loop.over.evaluate(scope)
    if not isinstance(over, list):
        raise failure("TypeError", f"for: a list is expected, found {type_name(over)}")
    if not loop.is_range:
        return over
    if len(over) not in (2, 3) or not all(is_number(each) for each in over):
        raise failure("ValueError", f"range is [begin, end] or [begin, end, step] of numbers, found {over}")
    at, end, by = (*over, 1) if len(over) == 2 else over
    if by == 0:
        raise failure("ValueError", "the step of a range must not be 0")
    found = []
    while (at <= end) if by > 0 else (at >= end):
        found.append(at)
        at += by
    return found


def _parallel(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    """Every branch in a scope that may write only what is shared; errors end as one UnhandledBranchError."""
    frame = Frame(scope.frame.routine, scope.frame.depth, scope.frame.parallel + 1)
    work: list[tuple[str, Callable[[Scope], Ending]]] = []
    if step.loop is not None:
        loop = step.loop
        for index, value in enumerate(_elements(loop, scope)):
            work.append((str(index), lambda inner, i=index, v=value: _iteration(loop, i, v, inner)))  # type: ignore[misc]
    for name, block in step.branches:
        work.append((name, lambda inner, b=block: _block(b, inner)))  # type: ignore[misc]
    limit = step.concurrency.evaluate(scope) if step.concurrency else MAX_CONCURRENCY
    if type(limit) is not int or limit < 1:
        raise failure("ValueError", f"concurrency_limit must be a positive integer, found {limit!r}")
    stopped = threading.Event()
    failed: list[tuple[str, WorkflowError]] = []

    def branch(item: tuple[str, Callable[[Scope], Ending]]) -> None:
        name, body = item
        if stopped.is_set():
            return
        inner = Scope(scope.execution, frame, scope, writable=step.shared)
        try:
            body(inner)
        except WorkflowError as error:
            failed.append((name, error))
            if not step.continue_all:
                stopped.set()
        inner.close()

    with ThreadPoolExecutor(min(limit, MAX_CONCURRENCY)) as pool:
        list(pool.map(branch, work))
    if failed:
        listed = [{"id": name, "error": {"payload": e.payload, "context": e.context}} for name, e in failed]
        raise failure(
            "UnhandledBranchError",
            "One or more branches or iterations encountered an unhandled runtime error",
            branches=listed[:MAX_TRUNCATED],
            truncated=len(listed) > MAX_TRUNCATED,
        )
    return None


def _try(step: Step, scope: Scope, entry: StepEntry) -> Ending:
    assert step.body is not None  # noqa: S101  the loader gives every try step its body
    while True:
        try:
            ending = RUN[step.body.kind](step.body, scope, entry)
        except WorkflowError as error:
            delay = None if step.retry is None else _delay(step.retry, scope, error, entry.attempts)
            if delay is not None:
                entry.attempts += 1
                scope.execution.sleep(delay)
                continue
            if step.handler is None:
                raise
            inner = Scope(scope.execution, scope.frame, scope)
            inner.put(step.error_name, error.payload)
            ending = _block(step.handler, inner)
            inner.close()
        if ending is None and step.body.next is not None:
            return Jump(step.body.next)
        return ending


def _delay(retry: Retry, scope: Scope, error: WorkflowError, attempts: int) -> float | None:
    """Seconds before the next attempt; None if there is none."""
    if retry.policy is not None:
        policy = retry.policy.evaluate(scope)
        predicate, max_retries, backoff = policy["predicate"], policy["max_retries"], policy["backoff"]
    else:
        assert retry.max_retries is not None and retry.backoff is not None  # noqa: S101  one form or the other
        predicate = retry.predicate.evaluate(scope) if retry.predicate else None
        max_retries, backoff = retry.max_retries.evaluate(scope), retry.backoff.evaluate(scope)
    if attempts > max_retries or not _matches(retry, predicate, scope, error):
        return None
    first, longest, factor = (element(backoff, key) for key in ("initial_delay", "max_delay", "multiplier"))
    return float(min(first * factor ** (attempts - 1), longest))


def _matches(retry: Retry, predicate: Any, scope: Scope, error: WorkflowError) -> bool:
    if retry.routine is not None:
        routine = scope.execution.program.routines[retry.routine]
        answer = call_routine(scope.execution, routine, {routine.parameters[0][0]: error.payload}, scope.frame)
        return boolean(answer, f"retry predicate {retry.routine}")
    if not isinstance(predicate, Function):
        raise failure("TypeError", f"retry: a predicate is a function or a subworkflow, found {type_name(predicate)}")
    return boolean(predicate.positional(scope.execution, [error.payload]), predicate.name)


def _steps(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    assert step.block is not None  # noqa: S101  the loader gives every steps step its block
    return _block(step.block, scope)


def _raise(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    assert step.value is not None  # noqa: S101  the loader gives every raise step its value
    value = step.value.evaluate(scope)
    if not isinstance(value, (str, dict)):
        raise failure("TypeError", f"raise: a string or a map is expected, found {type_name(value)}")
    raise WorkflowError(value)


def _return(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    assert step.value is not None  # noqa: S101  the loader gives every return step its value
    return Return(step.value.evaluate(scope))


def _next(step: Step, _scope: Scope, _entry: StepEntry) -> Ending:
    return Jump(step.next) if step.next else None


RUN: dict[str, Callable[[Step, Scope, StepEntry], Ending]] = {
    "assign": _assign,
    "call": _call,
    "switch": _switch,
    "for": _for,
    "parallel": _parallel,
    "try": _try,
    "steps": _steps,
    "raise": _raise,
    "return": _return,
    "next": _next,
}
