"""Messages that could not be taken in: each costs itself alone, and is kept, counted and shown, but never in a log.

    gs://OPS/airbyte/unread/<connection>/<job>-<attempt>.json

They may hold rows, so data of people.
"""

from collections import Counter
from uuid import uuid4

from google.cloud.storage import Bucket

from biaac import objects

KEPT = 100  # messages of one attempt; the others are only counted
KEPT_CHARACTERS = 10_000  # of one


class Unread:
    """Those of one attempt."""

    def __init__(self, ops: Bucket, connection: str, job: int) -> None:
        self.reasons: Counter[str] = Counter()
        self._ops, self._name = ops, f"airbyte/unread/{connection}/{job}-{uuid4().hex[:8]}.json"
        self._kept: list[dict[str, str]] = []
        self._saved = 0

    def add(self, line: bytes, reason: str) -> None:
        """Take a message that nobody could read, or that nobody asked for."""
        self.reasons[reason] += 1
        if len(self._kept) < KEPT:
            self._kept.append({"reason": reason, "message": line[:KEPT_CHARACTERS].decode(errors="replace")})

    @property
    def count(self) -> int:
        """How many there are."""
        return self.reasons.total()

    def save(self) -> None:
        """Keep them: before the state is committed, for after it the source sends none of them again."""
        if len(self._kept) > self._saved:
            kept = list(self._kept)
            objects.update(self._ops, self._name, lambda _: kept)
            self._saved = len(kept)

    @property
    def warnings(self) -> list[str]:
        """What a person is told of them."""
        return [
            f"{count} {'message' if count == 1 else 'messages'} of the connector: {reason}"
            f" (gs://{self._ops.name}/{self._name})"
            for reason, count in self.reasons.items()
        ]
