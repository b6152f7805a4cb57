"""What a connector is configured with: its connection file, or what it has renewed that to.

    gs://OPS/airbyte/configurations/<connection>       {"sealed": "..."}

Sources with single-use refresh tokens send their new configuration as a CONTROL message, and the old token is dead.
It is a secret, so it is sealed with the configuration of the file as the key: who reads the bucket learns nothing that
he could not ask the source for anyway, and a changed file or secret, which is a person's new word, opens it no more.
Not Secret Manager: each renewal would be a new version (and paid for), every sync's identity would need the right to
write secrets, and Cloud Run gives a job the version that was there when it started.
"""

import base64
import hashlib
import json
from contextlib import suppress
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from google.cloud.storage import Bucket

from biaac import connections, objects
from biaac.connections import Connection
from ingestion.settings import secrets


class Configuration:
    """The configuration of one connection's connector, in the hands of the job that holds the connection."""

    def __init__(self, ops: Bucket, connection: Connection) -> None:
        self.value: Any = connections.resolve_secrets(connection.source.config, secrets())
        self._ops, self._name = ops, f"airbyte/configurations/{connection.name}"
        declared = json.dumps(self.value, sort_keys=True).encode()
        # Slow on purpose: a short password in the file must not be guessed from the sealed object.
        key = hashlib.scrypt(declared, salt=connection.name.encode(), n=2**14, r=8, p=1, dklen=32)
        self._seal = Fernet(base64.urlsafe_b64encode(key))
        sealed = objects.read(ops, self._name).value
        with suppress(InvalidToken):  # of an earlier file or secret
            self.value = json.loads(self._seal.decrypt(sealed["sealed"])) if sealed else self.value

    def renew(self, value: dict[str, Any]) -> None:
        """Keep what the connector has renewed its configuration to."""
        sealed = {"sealed": self._seal.encrypt(json.dumps(value).encode()).decode()}
        objects.update(self._ops, self._name, lambda _: sealed)
        self.value = value
