"""The metadata server of a Google workload: tokens for the service account that a process runs as.

Its quirks: every question needs the header ``Metadata-Flavor: Google`` and every answer bears it, which is how the
libraries tell it from a router's login page; an identity token is a JWT for one audience; there is no universe domain
to be had in Google's own universe (404). https://cloud.google.com/compute/docs/metadata/querying-metadata
"""

import json
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCOUNT = "biaac-test@acme-analytics.iam.gserviceaccount.com"
ACCOUNTS = "/computeMetadata/v1/instance/service-accounts/"
ACCOUNT_PATH = f"{ACCOUNTS}default/"
ACCOUNT_FACTS = {"aliases": ["default"], "email": ACCOUNT, "scopes": []}
FLAVOR = "Metadata-Flavor"
FACTS: dict[str, Any] = {
    "/": "computeMetadata/",
    "/computeMetadata/v1/project/project-id": "acme-analytics",
    ACCOUNT_PATH: ACCOUNT_FACTS,
    f"{ACCOUNTS}{ACCOUNT}/": ACCOUNT_FACTS,  # libraries ask by its name once they know it
}


class MetadataServer(ThreadingHTTPServer):
    """``asked`` counts the paths; ``given`` holds the access tokens, all different, which live ``access_seconds``.

    Identity tokens live ``identity_seconds``, or are not given when it is ``broken``.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.asked: Counter[str] = Counter()
        self.given: list[str] = []
        self.access_seconds = 3599
        self.identity_seconds = 3600
        self.broken = False
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: MetadataServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.asked[url.path] += 1
        if self.headers[FLAVOR] != "Google":
            self._answer(403, "Missing Metadata-Flavor:Google header.", flavor=False)
        elif url.path == ACCOUNT_PATH + "identity":
            self._identity(parse_qs(url.query).get("audience", []))
        elif url.path.endswith("/token"):  # of default, or of the account by its name
            self._access()
        elif url.path in FACTS:
            self._answer(200, FACTS[url.path])
        else:
            self._answer(404, "not found")

    def _access(self) -> None:
        token = access_token(len(self.server.given) + 1)
        self.server.given.append(token)
        self._answer(200, {"access_token": token, "expires_in": self.server.access_seconds, "token_type": "Bearer"})

    def _identity(self, audience: list[str]) -> None:
        if self.server.broken:
            self._answer(503, "not now")
        elif not audience:
            self._answer(400, "non-empty audience parameter required")
        else:
            self._answer(200, identity_token(audience[0], seconds=self.server.identity_seconds))

    def _answer(self, status: int, body: Any, *, flavor: bool = True) -> None:
        kind = "application/text" if isinstance(body, str) else "application/json"
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        if flavor:
            self.send_header(FLAVOR, "Google")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Silence."""


def access_token(number: int) -> str:
    """The access token that is given out as the first, the second ..."""
    return f"ya29.of-the-workload-{number}"


def identity_token(audience: str, *, seconds: int = 3600) -> str:
    """A token of the form that Google signs; nobody here checks a signature."""
    now = int(time.time())
    said = {"aud": audience, "email": ACCOUNT, "iss": "https://accounts.google.com", "iat": now, "exp": now + seconds}
    parts = [json.dumps({"alg": "RS256"}).encode(), json.dumps(said).encode(), b"signature"]
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def claims(authorization: str | None) -> dict[str, Any]:
    """What an identity token says."""
    assert authorization is not None, "no authorization was sent"
    assert authorization.startswith("Bearer "), authorization
    payload = authorization.removeprefix("Bearer ").split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=="))
    return found
