"""What a person asking may have done wrong, with a SQLSTATE: the code clients of PostgreSQL already know.

QueryError (PermanentError)   the statement is at fault, or what it asks is refused
Unavailable (TransientError)  nothing wrong with the statement: ask again
"""

from biaac.errors import PermanentError, TransientError

CANCELED = "57014"
OUT_OF_MEMORY = "53200"
TOO_MANY = "53300"
LIMIT_EXCEEDED = "54000"
NO_SUCH_RELEASE = "3D000"
NO_SUCH_TABLE = "42P01"
NO_RELEASE_YET = "55000"
NOT_SUPPORTED = "0A000"
BAD_PARAMETER = "22023"
WORKER_DIED = "58000"
INTERNAL = "XX000"
DATA_CORRUPTED = "XX001"
CANNOT_CONNECT_NOW = "57P03"


class QueryError(PermanentError):
    """A statement that cannot be answered; ``state`` is its SQLSTATE."""

    def __init__(self, state: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.state = state


class Unavailable(TransientError):
    """The service cannot answer now."""

    def __init__(self, state: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.state = state
