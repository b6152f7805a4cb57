"""Connectors of the Cloud Run Admin API v2: run a job and wait for it, look at a job or an execution.

https://cloud.google.com/workflows/docs/connectors. The API is where the environment variable RUN_EMULATOR_HOST says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stand_ins.workflows import http_calls
from stand_ins.workflows.execution import Execution
from stand_ins.workflows.failures import WorkflowError, failure
from stand_ins.workflows.signatures import Function, Optional, function
from stand_ins.workflows.values import is_number, type_name

ENDPOINT = "RUN_EMULATOR_HOST"
MAX_RETRIES = 5  # of each request, as http.default_retry has it
DEFAULT_TIMEOUT = 1800  # seconds, of a whole operation
LONGEST_OPERATION = 31_536_000  # seconds: a year, as an execution
POLLING = {"initial_delay": 1.0, "multiplier": 1.25, "max_delay": 60.0}
PARAMETERS = {"timeout", "polling_policy", "skip_polling", "scopes"}


@dataclass(frozen=True)
class _Wait:
    """``connector_params``, checked."""

    timeout: float
    initial_delay: float
    multiplier: float
    max_delay: float
    skip: bool


def run_job(
    execution: Execution, name: str, body: dict[str, Any] | None, connector_params: dict[str, Any] | None
) -> Any:
    """Run a job and return its execution; OperationError if it failed, TimeoutError if it lasts too long."""
    wait = _parse(connector_params or {})
    operation = _request(execution, "POST", f"/v2/{name}:run", {} if body is None else body)
    return operation if wait.skip else _follow(execution, operation, wait)


def get_resource(execution: Execution, name: str) -> Any:
    """The job or the execution of that full name."""
    return _request(execution, "GET", f"/v2/{name}")


def _parse(parameters: dict[str, Any]) -> _Wait:
    if unknown := set(parameters) - PARAMETERS:
        raise failure("ValueError", f"connector_params: unknown {sorted(unknown)}; there are: {sorted(PARAMETERS)}")
    policy = {**POLLING, **(parameters.get("polling_policy") or {})}
    if unknown := set(policy) - set(POLLING):
        raise failure("ValueError", f"polling_policy: unknown {sorted(unknown)}; there are: {sorted(POLLING)}")
    timeout = parameters.get("timeout", DEFAULT_TIMEOUT)
    for name, value in {"timeout": timeout, **policy}.items():
        if not is_number(value):
            raise failure("TypeError", f"connector_params: {name} must be a number, found {type_name(value)}")
    if not 0 < timeout <= LONGEST_OPERATION:
        message = f"connector_params: timeout must be up to {LONGEST_OPERATION} seconds, found {timeout}"
        raise failure("ValueError", message)
    return _Wait(float(timeout), **policy, skip=parameters.get("skip_polling", False) is True)


def _request(execution: Execution, method: str, path: str, body: Any = None) -> Any:
    """One request with the retry policy of its method."""
    endpoint = execution.environment.get(ENDPOINT)
    if not endpoint:
        raise failure("AuthError", f"the Cloud Run API is where the variable {ENDPOINT} says; --set it")
    may_retry = http_calls.default_retry_predicate
    if method != "GET":
        may_retry = http_calls.default_retry_predicate_non_idempotent
    delay = 1.0
    for attempt in range(MAX_RETRIES + 1):
        try:
            url, timeout, auth = endpoint.rstrip("/") + path, http_calls.MAX_TIMEOUT, {"type": "OAuth2"}
            return http_calls.request(execution, method, url, timeout=timeout, body=body, auth=auth)["body"]
        except WorkflowError as error:
            if attempt == MAX_RETRIES or not may_retry(error.payload):
                raise
        execution.sleep(delay)
        delay = min(delay * 1.25, 60.0)
    raise AssertionError("the last attempt returns or raises")


def _follow(execution: Execution, operation: Any, wait: _Wait) -> Any:
    """Poll a long-running operation to its end: wait first, ever longer, up to the time limit."""
    deadline = execution.clock.now() + wait.timeout
    delay = wait.initial_delay
    while True:
        if not isinstance(operation, dict) or not isinstance(operation.get("name"), str):
            raise failure("ResponseTypeError", f"a long-running operation is expected, found {operation!r:.200}")
        if operation.get("done"):
            break
        left = deadline - execution.clock.now()
        if left <= 0:
            message = f"the operation did not end within {wait.timeout:g} s"
            raise failure("TimeoutError", message, operation=operation)
        execution.sleep(min(delay, left))
        delay = min(delay * wait.multiplier, wait.max_delay)
        operation = _request(execution, "GET", f"/v2/{operation['name']}")
    if "error" in operation:
        error = failure("OperationError", "", operation=operation, error=operation["error"])
        error.payload["message"] = operation["error"].get("message", "the operation failed")
        raise error
    return operation.get("response")


def _connector(method: str, python: Callable[..., Any], **kinds: Any) -> Function:
    name = f"googleapis.run.v2.projects.locations.{method}"
    return function(name, python, blocking=True, with_execution=True, **kinds)


FUNCTIONS = [
    _connector("jobs.run", run_job, name=str, body=Optional(dict | None), connector_params=Optional(dict | None)),
    _connector("jobs.get", get_resource, name=str),
    _connector("jobs.executions.get", get_resource, name=str),
]
