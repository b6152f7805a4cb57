"""Runs the steps of a program. How a block ended (at its last step, by a jump or a return) is a value, no exception."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from stand_ins.workflows import definition
from stand_ins.workflows.definition import MAX_PARALLEL_DEPTH, Block, For, Parallel, Program, Routine, Step
from stand_ins.workflows.execution import Execution, Frame, Scope, StepEntry
from stand_ins.workflows.expressions import replaced
from stand_ins.workflows.failures import Place, WorkflowError, failure
from stand_ins.workflows.library import FUNCTIONS
from stand_ins.workflows.retries import delay
from stand_ins.workflows.values import boolean, is_number, type_name

# https://cloud.google.com/workflows/quotas#resource_limits
MAX_DEPTH = 20
MAX_CONCURRENCY = 20
MAX_BRANCH_ERRORS = 100  # that UnhandledBranchError lists


@dataclass(frozen=True, slots=True)
class Jump:
    """``next``: to a step of this or an enclosing block, or end, break, continue."""

    target: str


@dataclass(frozen=True, slots=True)
class Result:
    """``return``, with its value."""

    value: Any


Ending = Jump | Result | None


def run(program: Program, execution: Execution, argument: Any) -> Any:
    """Run main with ``argument``; its result, or a ``WorkflowError``.

    >>> run(loader.load(Path("hello.workflows.yaml")), Execution({}), {"name": "Ann"})
    """
    execution.subworkflows = {
        name: partial(_call_routine, execution, routine) for name, routine in program.routines.items()
    }
    main = program.routines["main"]
    given = {name: argument for name, default in main.parameters if argument is not None or default is None}
    return _run_routine(execution, main, given, Frame("main", 0))


def _call_routine(execution: Execution, routine: Routine, arguments: list[Any] | dict[str, Any], caller: Frame) -> Any:
    """Call a subworkflow; its result, null without a return."""
    if caller.depth >= MAX_DEPTH:
        raise failure("RecursionError", f"call stack deeper than {MAX_DEPTH}")
    if isinstance(arguments, list):
        arguments = {name: value for (name, _), value in zip(routine.parameters, arguments, strict=False)}
    return _run_routine(execution, routine, arguments, Frame(routine.name, caller.depth + 1, caller.parallel))


def _run_routine(execution: Execution, routine: Routine, arguments: dict[str, Any], frame: Frame) -> Any:
    with Scope(execution, frame) as scope:
        for name, default in routine.parameters:
            if name in arguments:
                scope.put(name, arguments[name])
            elif default is not None:
                scope.put(name, default.evaluate(scope))
            else:
                raise failure("TypeError", f"{routine.name}: argument {name!r} is missing")
        ending = _block(routine.block, scope)
    return ending.value if isinstance(ending, Result) else None


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
        return _act(step, scope, entry)
    except WorkflowError as error:
        error.passed(scope.frame, Place(scope.frame.routine, step.name, step.line))
        entry.error = error.message
        raise
    finally:
        entry.ended = scope.execution.clock.now()


def _act(step: Step, scope: Scope, entry: StepEntry) -> Ending:
    ending: Ending = None
    match step.action:
        case definition.Assign() as action:
            _assign(action, scope)
        case definition.Call() as action:
            _call(action, scope)
        case definition.Switch() as action:
            ending = _switch(action, scope, entry)
        case For() as action:
            ending = _for(action, scope)
        case Parallel() as action:
            _parallel(action, scope)
        case definition.Try() as action:
            ending = _try(action, scope, entry)
        case Block() as action:
            ending = _block(action, scope)
        case definition.Raise(template):
            _raise(template.evaluate(scope))
        case definition.Return(template):
            ending = Result(template.evaluate(scope))
    return Jump(step.next) if ending is None and step.next is not None else ending


def _assign(action: definition.Assign, scope: Scope) -> None:
    for assignment in action.assignments:
        if assignment.atomic:
            with scope.execution.assigning:
                _put(scope, assignment.name, [key(scope) for key in assignment.keys], assignment.value.evaluate(scope))
        else:
            value = assignment.value.evaluate(scope)
            with scope.execution.assigning:
                _put(scope, assignment.name, [key(scope) for key in assignment.keys], value)


def _put(scope: Scope, name: str, keys: list[Any], value: Any) -> None:
    scope.set(name, replaced(scope.get(name), keys, value) if keys else value)


def _call(action: definition.Call, scope: Scope) -> None:
    execution, arguments = scope.execution, action.arguments.evaluate(scope)
    if subworkflow := execution.subworkflows.get(action.name):  # a file's own goes before the library's
        result = subworkflow(arguments, scope.frame)
    else:
        result = FUNCTIONS[action.name].named(execution, arguments)
    if action.result is not None:
        with execution.assigning:
            scope.set(action.result, result)


def _switch(action: definition.Switch, scope: Scope, entry: StepEntry) -> Ending:
    for condition, branch in action.conditions:
        if boolean(condition.evaluate(scope), "condition"):
            return _act(branch, scope, entry)
    return None


def _for(loop: For, scope: Scope) -> Ending:
    with Scope(scope.execution, scope.frame, scope) as inner:  # of the whole loop, as the variables page says
        for index, value in enumerate(_elements(loop, scope)):
            ending = _iteration(loop, index, value, inner)
            if isinstance(ending, Jump) and ending.target == "break":
                return None
            if ending is not None and not (isinstance(ending, Jump) and ending.target == "continue"):
                return ending
    return None


def _iteration(loop: For, index: int, value: Any, inner: Scope) -> Ending:
    inner.put(loop.value, value)
    if loop.index is not None:
        inner.put(loop.index, index)
    return _block(loop.block, inner)


def _elements(loop: For, scope: Scope) -> Iterator[Any]:
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


def _parallel(action: Parallel, scope: Scope) -> None:
    """Every branch runs to its end, in a scope that writes only what is shared; their errors end as one.

    https://cloud.google.com/workflows/docs/reference/syntax/parallel-steps
    """
    frame = Frame(scope.frame.routine, scope.frame.depth, scope.frame.parallel + 1)
    if frame.parallel > MAX_PARALLEL_DEPTH:  # through a subworkflow: the loader sees only one routine
        raise failure("ParallelNestingError", f"parallel steps nest at most {MAX_PARALLEL_DEPTH} deep")
    limit = action.concurrency.evaluate(scope) if action.concurrency else MAX_CONCURRENCY
    if type(limit) is not int or limit < 1:
        raise failure("ValueError", f"concurrency_limit must be a positive integer, found {limit!r}")

    def branch(work: tuple[str, Callable[[Scope], Ending]]) -> tuple[str, WorkflowError] | None:
        name, body = work
        with Scope(scope.execution, frame, scope, writable=action.shared) as inner:
            try:
                body(inner)
            except WorkflowError as error:
                return name, error
        return None

    with ThreadPoolExecutor(min(limit, MAX_CONCURRENCY)) as pool:
        failed = [error for error in pool.map(branch, _branches(action, scope)) if error is not None]
    if failed:
        raise _unhandled(failed)


def _unhandled(failed: list[tuple[str, WorkflowError]]) -> WorkflowError:
    listed = [{"id": name, "error": {"context": e.context, "payload": e.payload}} for name, e in failed]
    error = failure(
        "UnhandledBranchError",
        "One or more branches or iterations encountered an unhandled runtime error",
        branches=listed[:MAX_BRANCH_ERRORS],
        truncated=len(listed) > MAX_BRANCH_ERRORS,
    )
    error.payload["tags"].append("RuntimeError")
    return error


def _branches(action: Parallel, scope: Scope) -> Iterator[tuple[str, Callable[[Scope], Ending]]]:
    """Identifiers and bodies: the named branches, or the iterations by their number."""
    for name, block in action.branches:
        yield name, partial(_block, block)
    if action.loop is not None:
        for index, value in enumerate(_elements(action.loop, scope)):
            yield str(index), partial(_iteration, action.loop, index, value)


def _try(action: definition.Try, scope: Scope, entry: StepEntry) -> Ending:
    while True:
        try:
            return _act(action.body, scope, entry)
        except WorkflowError as error:
            wait = None if action.retry is None else delay(action.retry, scope, error, entry.attempts)
            if wait is not None:
                entry.attempts += 1
                scope.execution.sleep(wait)
                continue
            if action.handler is None:
                raise
            with Scope(scope.execution, scope.frame, scope) as inner:
                if action.error_name is not None:
                    inner.put(action.error_name, error.payload)
                return _block(action.handler, inner)


def _raise(value: Any) -> None:
    if not isinstance(value, (str, dict)):
        raise failure("TypeError", f"raise: a string or a map is expected, found {type_name(value)}")
    raise WorkflowError(value)
