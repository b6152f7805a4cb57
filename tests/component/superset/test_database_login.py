"""Superset's login to Cloud SQL: by socket, as its service account, with a token for a password."""

import json
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from biaac.settings import ROOT

LOGIN = """
import sys
import database_login
from sqlalchemy import create_engine
create_engine(sys.argv[1]).connect()
"""
USER = "biaac-superset@acme-analytics.iam"


class Metadata(BaseHTTPRequestHandler):
    """Google's metadata server, which knows who a workload is."""

    def do_GET(self) -> None:
        if self.path.startswith("/computeMetadata/v1/instance/service-accounts/default/token"):
            self.answer({"access_token": self.path.partition("scopes=")[2], "expires_in": 3600, "token_type": "Bearer"})
        else:
            self.answer({"email": "default", "scopes": [], "aliases": []})

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Postgres:
    """Cloud SQL behind its socket: asks for the password, keeps what it was sent, and refuses."""

    def __init__(self, folder: Path) -> None:
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(folder / ".s.PGSQL.5432"))
        self.listening.listen()
        self.startup, self.password = b"", b""
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        peer, _ = self.listening.accept()
        with peer, self.listening:
            self.startup = peer.recv(struct.unpack("!I", peer.recv(4))[0])
            peer.sendall(b"R" + struct.pack("!II", 8, 3))  # the password, please
            peer.recv(1)
            self.password = peer.recv(struct.unpack("!I", peer.recv(4))[0])
            refusal = f'SFATAL\0C28P01\0Mpassword authentication failed for user "{USER}"\0\0'.encode()
            peer.sendall(b"E" + struct.pack("!I", len(refusal) + 4) + refusal)


@pytest.fixture
def metadata() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def log_in(url: str, metadata: str) -> str:
    """What a login of the real driver, in Superset's environment, ends with."""
    told = {"GCE_METADATA_HOST": metadata, "GCE_METADATA_IP": metadata, "PYTHONPATH": f"{ROOT}:{ROOT / 'superset'}"}
    told |= {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    command = [ROOT / ".biaac/envs/superset/bin/python", "-c", LOGIN, url]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False, timeout=60)
    return done.stderr


def test_a_login_by_socket_shows_a_token_and_works_as_the_owner_of_the_tables(metadata: str, tmp_path: Path) -> None:
    database = Postgres(tmp_path)
    said = log_in(f"postgresql+psycopg2://{USER.replace('@', '%40')}@/superset?host={tmp_path}", metadata)
    database.thread.join(timeout=30)
    assert f'password authentication failed for user "{USER}"' in said  # a login that is refused says whose
    assert f"user\0{USER}\0".encode() in database.startup
    assert b"options\0-c role=cloudsqlsuperuser\0" in database.startup
    assert b"sqlservice.login" in database.password


def test_without_a_token_the_message_says_so(tmp_path: Path) -> None:
    said = log_in(f"postgresql+psycopg2://superset@/superset?host={tmp_path}", "127.0.0.1:9")
    assert "no token for the database" in said or "credentials were not found" in said
