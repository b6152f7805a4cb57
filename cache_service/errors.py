"""What may be wrong with a question, each with a SQLSTATE: the code clients of PostgreSQL already know.

QueryError (PermanentError)   the statement is at fault, or what it asks is refused
Unavailable (TransientError)  nothing wrong with the statement: ask again
"""

import re

from biaac.errors import BiaacError, PermanentError, TransientError

CANCELED = "57014"
OUT_OF_MEMORY = "53200"
TOO_MANY = "53300"
LIMIT_EXCEEDED = "54000"
NO_SUCH_RELEASE = "3D000"
NO_SUCH_TABLE = "42P01"
NO_SUCH_COLUMN = "42703"
NO_SUCH_FUNCTION = "42883"
SYNTAX = "42601"
READ_ONLY = "25006"
TOO_DEEP = "54001"
NO_RELEASE_YET = "55000"
NOT_SUPPORTED = "0A000"
BAD_PARAMETER = "22023"
WORKER_DIED = "58000"
INTERNAL = "XX000"
DATA_CORRUPTED = "XX001"
CANNOT_CONNECT_NOW = "57P03"

# DataFusion's error texts -> SQLSTATE. The text is all its Python binding gives; the list is in order of trust.
STATES = (
    (r"RecursionLimitExceeded", "54001"),
    (r"ParserError", "42601"),
    (r"(DDL|DML|Statement) not supported", "25006"),
    (r"Invalid function|table function '.*' not found", "42883"),
    (r"table '.*' not found", "42P01"),
    (r"No field named", "42703"),
    (r"Placeholder .* (was not provided|not found)|No value found for placeholder", "22023"),
    (r"Resources exhausted|malloc of size", "53200"),
    (r"Divide by zero", "22012"),
    (r"Cast error|cannot be cast|Cannot cast", "22018"),
    (r"overflow|Overflow|out of range", "22003"),
    (r"not implemented|not supported", "0A000"),
    (r"Schema error|Error during planning|type_coercion", "42000"),
    (r"Internal error", "XX000"),
)
MACHINERY = re.compile(r"^(DataFusion error: |Error during planning: |Optimizer rule '\w+' failed\s*caused by\s*)+")
PYTHON_ERROR = re.compile(r"PyErr \{ type: .*?, value: \w+\(['\"](.*?)['\"]\), traceback")


class _WithState(BiaacError):
    def __init__(self, state: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.state = state  # its SQLSTATE


class QueryError(_WithState, PermanentError):
    """A statement that cannot be answered."""


class Abandoned(QueryError):
    """Its client has gone, or does not want the answer any more."""


class Unavailable(_WithState, TransientError):
    """The service cannot answer now."""


def sqlstate(text: str) -> tuple[str, str]:
    """The SQLSTATE of an error, and its text without the engine's own layers and advice to report a bug."""
    if python := PYTHON_ERROR.search(text):  # raised by one of ``functions``
        text = f"{python[1]} in the statement's numbers or times"
    state = next((code for pattern, code in STATES if re.search(pattern, text)), "22000")
    message = MACHINERY.sub("", text).partition("This issue was likely caused by a bug")[0].strip()
    return state, message
