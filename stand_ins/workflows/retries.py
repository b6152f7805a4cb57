"""Whether a failed ``try`` is attempted again, and when.

https://cloud.google.com/workflows/docs/reference/syntax/retrying
"""

from typing import Any

from stand_ins.workflows.definition import Retry
from stand_ins.workflows.execution import Scope
from stand_ins.workflows.expressions import element
from stand_ins.workflows.failures import WorkflowError, failure
from stand_ins.workflows.signatures import Function
from stand_ins.workflows.values import boolean, is_number, type_name


def delay(retry: Retry, scope: Scope, error: WorkflowError, attempts: int) -> float | None:
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
    """What the predicate says of an error."""
    if retry.routine is not None:
        answer = scope.execution.subworkflows[retry.routine]([error.payload], scope.frame)
        return boolean(answer, f"retry predicate {retry.routine}")
    if not isinstance(predicate, Function):
        raise failure("TypeError", f"retry: a predicate is a function or a subworkflow, found {type_name(predicate)}")
    return boolean(predicate.positional(scope.execution, [error.payload]), predicate.name)
