"""One error tree: what a caller should do next decides the class.

    BiaacError
    ├── TransientError   503  ask again: the same call may succeed later
    │   └── LostRace          another writer moved the object first: read again, then decide
    └── PermanentError   422  never will succeed as asked: a person must change something

Anything else that escapes is a bug (500). A message names the thing and the value found; ``hint`` is the next
command or edit. Edges (functions, services, the command line) translate; nobody else catches. Who retries what:
Workflows and our own clients a 503 and not a 422; Scheduler and Eventarc whatever is not 2xx, for their limited time
(three minutes and a day), so a 422 shows there until a person has changed something.
"""

import sys
from collections.abc import Callable
from typing import ClassVar, NoReturn


class BiaacError(Exception):
    """Base of every error the project raises on purpose."""

    status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message if hint is None else f"{message}\n  next: {hint}")
        self.message = message
        self.hint = hint


class TransientError(BiaacError):
    """The same call may succeed later: a 503 is retried by every caller."""

    status: ClassVar[int] = 503


class PermanentError(BiaacError):
    """Retrying cannot help until something has been changed: a 422 ends the retries of those who can tell."""

    status: ClassVar[int] = 422


class LostRace(TransientError):
    """An object was not at the generation this writer had read."""

    def __init__(self, name: str, *, expected: int, found: int) -> None:
        super().__init__(f"{name}: another writer was first (expected generation {expected}, found {found})")
        self.name = name
        self.expected = expected
        self.found = found


def ends(main: Callable[[], object]) -> NoReturn:
    """Run a program to its exit code: 0 done, 1 worth another start, 2 not before a person has changed something."""
    try:
        main()
    except BiaacError as error:
        print(error, file=sys.stderr)
        sys.exit(2 if isinstance(error, PermanentError) else 1)
    sys.exit(0)
