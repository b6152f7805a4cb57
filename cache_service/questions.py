"""Questions, and the tickets and handles that carry them.

What DoGet accepts as a ticket (each an ``Any``, as ``biaac.flight.pack`` makes it):

    CommandStatementQuery(query = 1)   a statement: one call from text to rows, without GetFlightInfo before it
    TicketStatementQuery               what GetFlightInfo answered; holds statement, parameters and release
    CommandPreparedStatementQuery      a prepared statement's handle
    CommandGetTables, ...              metadata, the same command that GetFlightInfo takes

Handles carry all they mean: the server keeps no sessions, and a restart loses none.
"""

from dataclasses import dataclass
from typing import Self

from biaac.flight import Malformed, pack, unpack
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
        return pack("Question", (1, self.sql), (2, self.parameters), (3, self.release))

    @classmethod
    def decode(cls, data: bytes | None) -> Self:
        """Read what ``encode`` wrote; ``Malformed`` otherwise."""
        message = unpack(data or b"")
        if message.name != "Question":
            raise Malformed(f"{message.name} is not a handle of this service")
        return cls(message.text(1) or "", message.data(2), message.text(3))


@dataclass(frozen=True)
class Pinned:
    """A question and the release that answers it, looked up once; None before the first release.

    ``question.release`` is that release's id.
    """

    question: Question
    release: Release | None
