"""Everything a workflow can call, and the constants that it can name."""

from typing import Any

from stand_ins.workflows import connectors, http_calls, stdlib, text_functions

FUNCTIONS = {
    function.name: function
    for function in (*stdlib.FUNCTIONS, *text_functions.FUNCTIONS, *http_calls.FUNCTIONS, *connectors.FUNCTIONS)
}
_BACKOFF = {"initial_delay": 1.0, "max_delay": 60.0, "multiplier": 1.25}
_PREDICATES = ("http.default_retry_predicate", "http.default_retry_predicate_non_idempotent")
_IDEMPOTENT, _NON_IDEMPOTENT = (FUNCTIONS[name] for name in _PREDICATES)
CONSTANTS: dict[str, Any] = {
    **{name: FUNCTIONS[name] for name in ("retry.always", "retry.never", *_PREDICATES)},
    "retry.default_backoff": _BACKOFF,
    "http.default_retry": {"predicate": _IDEMPOTENT, "max_retries": 5, "backoff": _BACKOFF},
    "http.default_retry_non_idempotent": {"predicate": _NON_IDEMPOTENT, "max_retries": 5, "backoff": _BACKOFF},
}
