"""Questions, and the tickets and handles that carry them.

What DoGet accepts as a ticket (each an ``Any``, as ``biaac.flight.pack`` makes it):

    CommandStatementQuery(query = 1)   a statement: one call from text to rows, without GetFlightInfo before it
    TicketStatementQuery               what GetFlightInfo answered; holds statement, parameters and release
    CommandPreparedStatementQuery      a prepared statement's handle
    CommandGetTables, ...              metadata, the same command that GetFlightInfo takes

Handles carry all they mean: the server keeps no sessions, and a restart loses none.
"""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Self

from biaac.flight import Malformed
from biaac.releases import Release


@dataclass(frozen=True)
class Question:
    """A statement: its text, one row of parameters (an Arrow IPC stream), and the id of its release.

    ``release`` None means the one that is current when the question is answered.
    """

    sql: str
    parameters: bytes | None = None
    release: str | None = None

    def encode(self) -> bytes:
        """Bytes for a ticket or a handle."""
        parameters = None if self.parameters is None else base64.b64encode(self.parameters).decode()
        return json.dumps({**asdict(self), "parameters": parameters}).encode()

    @classmethod
    def decode(cls, data: bytes | None) -> Self:
        """Read what ``encode`` wrote; ``Malformed`` otherwise."""
        try:
            value = json.loads(data or b"")
            encoded = value["parameters"]
            parameters = None if encoded is None else base64.b64decode(encoded)
            return cls(value["sql"], parameters, value["release"])
        except (ValueError, KeyError, TypeError):
            raise Malformed("not a handle of this service") from None


@dataclass(frozen=True)
class Pinned:
    """A question and the release that answers it, looked up once; None before the first release.

    ``question.release`` is that release's id.
    """

    question: Question
    release: Release | None
