"""Walks the steps of an execution. How a block ended (fell through, jump, return) is a value, never an exception."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from stand_ins.workflows.errors import Place, WorkflowError, failure
from stand_ins.workflows.execution import (
    MAX_CONCURRENCY,
    MAX_DEPTH,
    MAX_PARALLEL_DEPTH,
    Execution,
    Frame,
    Scope,
    StepEntry,
)
from stand_ins.workflows.expressions import element, replaced
from stand_ins.workflows.functions import FUNCTIONS, Function
from stand_ins.workflows.steps import Block, Loop, Retry, Routine, Step
from stand_ins.workflows.values import boolean, is_number, type_name

MAX_BRANCH_ERRORS = 100  # that UnhandledBranchError lists: https://cloud.google.com/workflows/quotas


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
    given = {name: argument for name, default in main.parameters if argument is not None or default is None}
    return _run_routine(execution, main, given, Frame("main", 0))


def call_routine(execution: Execution, routine: Routine, arguments: dict[str, Any], caller: Frame) -> Any:
    """Call a subworkflow; its result, null without a return."""
    if caller.depth >= MAX_DEPTH:
        raise failure("RecursionError", f"call stack deeper than {MAX_DEPTH}")
    return _run_routine(execution, routine, arguments, Frame(routine.name, caller.depth + 1, caller.parallel))


def _run_routine(execution: Execution, routine: Routine, arguments: dict[str, Any], frame: Frame) -> Any:
    with _closing(Scope(execution, frame)) as scope:
        for name, default in routine.parameters:
            if name in arguments:
                scope.put(name, arguments[name])
            elif default is not None:
                scope.put(name, default.evaluate(scope))
            else:
                raise failure("TypeError", f"{routine.name}: argument {name!r} is missing")
        ending = _block(routine.block, scope)
    return ending.value if isinstance(ending, Return) else None


@contextmanager
def _closing(scope: Scope) -> Iterator[Scope]:
    """A scope whose memory is given back however its steps end."""
    try:
        yield scope
    finally:
        scope.close()


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
        if assignment.atomic:
            with scope.execution.assigning:
                _put(scope, assignment.name, [key(scope) for key in assignment.keys], assignment.value.evaluate(scope))
        else:
            value = assignment.value.evaluate(scope)
            with scope.execution.assigning:
                _put(scope, assignment.name, [key(scope) for key in assignment.keys], value)
    return None


def _put(scope: Scope, name: str, keys: list[Any], value: Any) -> None:
    scope.set(name, replaced(scope.get(name), keys, value) if keys else value)


def _call(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    assert step.arguments is not None  # noqa: S101  the loader gives every call step its arguments
    arguments = step.arguments.evaluate(scope)
    routine = scope.execution.program.routines.get(step.call)  # a file's own subworkflow goes before the library's
    if routine is not None:
        result = call_routine(scope.execution, routine, arguments, scope.frame)
    else:
        result = FUNCTIONS[step.call].named(scope.execution, arguments)
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
    with _closing(Scope(scope.execution, scope.frame, scope)) as inner:  # of the whole loop, as the variables page says
        for index, value in enumerate(_elements(step.loop, scope)):
            ending = _iteration(step.loop, index, value, inner)
            if isinstance(ending, Jump) and ending.target == "break":
                return None
            if ending is not None and not (isinstance(ending, Jump) and ending.target == "continue"):
                return ending
    return None


def _iteration(loop: Loop, index: int, value: Any, inner: Scope) -> Ending:
    inner.put(loop.value, value)
    if loop.index is not None:
        inner.put(loop.index, index)
    return _block(loop.block, inner)


def _elements(loop: Loop, scope: Scope) -> Iterator[Any]:
    """The list, or the numbers of a range, both ends included."""
    over = loop.over.evaluate(scope)
    if not isinstance(over, list):
        raise failure("TypeError", f"for: a list is expected, found {type_name(over)}")
    if not loop.is_range:
        yield from over
        return
    if len(over) != 2 or not all(is_number(each) for each in over):
        raise failure("TypeError", f"range is [begin, end] of numbers, found {over}")
    at, end = over
    while at <= end:
        yield at
        at += 1


def _parallel(step: Step, scope: Scope, _entry: StepEntry) -> Ending:
    """Every branch runs to its end, in a scope that writes only what is shared; their errors end as one.

    https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps
    """
    frame = Frame(scope.frame.routine, scope.frame.depth, scope.frame.parallel + 1)
    if frame.parallel > MAX_PARALLEL_DEPTH:  # through a subworkflow: the loader sees only one routine
        raise failure("ParallelNestingError", f"parallel steps nest at most {MAX_PARALLEL_DEPTH} deep")
    limit = step.concurrency.evaluate(scope) if step.concurrency else MAX_CONCURRENCY
    if type(limit) is not int or limit < 1:
        raise failure("ValueError", f"concurrency_limit must be a positive integer, found {limit!r}")

    def branch(work: tuple[str, Callable[[Scope], Ending]]) -> tuple[str, WorkflowError] | None:
        name, body = work
        with _closing(Scope(scope.execution, frame, scope, writable=step.shared)) as inner:
            try:
                body(inner)
            except WorkflowError as error:
                return name, error
        return None

    with ThreadPoolExecutor(min(limit, MAX_CONCURRENCY)) as pool:
        failed = [found for found in pool.map(branch, _branches(step, scope)) if found is not None]
    if failed:
        listed = [{"id": name, "error": {"context": e.context, "payload": e.payload}} for name, e in failed]
        error = failure(
            "UnhandledBranchError",
            "One or more branches or iterations encountered an unhandled runtime error",
            branches=listed[:MAX_BRANCH_ERRORS],
            truncated=len(listed) > MAX_BRANCH_ERRORS,
        )
        error.payload["tags"].append("RuntimeError")
        raise error
    return None


def _branches(step: Step, scope: Scope) -> Iterator[tuple[str, Callable[[Scope], Ending]]]:
    """Identifiers and bodies: the named branches, or the iterations by their number."""
    for name, block in step.branches:
        yield name, partial(_block, block)
    if step.loop is not None:
        for index, value in enumerate(_elements(step.loop, scope)):
            yield str(index), partial(_iteration, step.loop, index, value)


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
            with _closing(Scope(scope.execution, scope.frame, scope)) as inner:
                if step.error_name is not None:
                    inner.put(step.error_name, error.payload)
                return _block(step.handler, inner)
        if ending is None and step.body.next is not None:
            return Jump(step.body.next)
        return ending


def _delay(retry: Retry, scope: Scope, error: WorkflowError, attempts: int) -> float | None:
    """Seconds before the next attempt; None if there is none."""
    if retry.policy is not None:
        policy = retry.policy.evaluate(scope)
        predicate, max_retries, backoff = (element(policy, key) for key in ("predicate", "max_retries", "backoff"))
    else:
        assert retry.max_retries is not None and retry.backoff is not None  # noqa: S101  one form or the other
        predicate = retry.predicate.evaluate(scope) if retry.predicate else None
        max_retries, backoff = retry.max_retries.evaluate(scope), retry.backoff.evaluate(scope)
    if type(max_retries) is not int:
        raise failure("TypeError", f"retry: max_retries must be integer, found {type_name(max_retries)}")
    if attempts > max_retries or not _matches(retry, predicate, scope, error):
        return None
    numbers = {key: element(backoff, key) for key in ("initial_delay", "max_delay", "multiplier")}
    for key, value in numbers.items():
        if not is_number(value):
            raise failure("TypeError", f"retry: {key} must be a number, found {type_name(value)}")
    grown = numbers["initial_delay"] * numbers["multiplier"] ** (attempts - 1)
    return float(min(grown, numbers["max_delay"]))


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
