"""The process of a provider: HashiCorp's go-plugin handshake, then gRPC over a Unix socket.

    python -m tests.infrastructure.offline.plugin FOLDER             started by terraform, for one command
    python -m tests.infrastructure.offline.plugin --standing MIRROR  every provider of a mirror, until stdin closes

A standing one prints what terraform wants in TF_REATTACH_PROVIDERS. It saves the start of a Python process for each
provider and each walk of a command, which is most of what a small plan takes; one terraform at a time may use it.
"""

import base64
import datetime
import json
import os
import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tf.gen import grpc_controller_pb2 as controller

from tests.infrastructure.offline.provider import Call, Provider

# terraform/internal/plugin: proves to a plugin that terraform started it
MAGIC_COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")


def certificate() -> tuple[bytes, Any]:
    """A fresh key for this process: its certificate for terraform, the credentials for the server.

    go-plugin wants TLS on its socket. Terraform offers a certificate of its own too; nothing needs it checked here.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    credentials = grpc.ssl_server_credentials([(private, signed.public_bytes(serialization.Encoding.PEM))])
    return signed.public_bytes(serialization.Encoding.DER), credentials


def handler(request: Any, call: Call) -> Any:
    """One unary gRPC method; an answer is a message or its bytes."""

    def answer(message: Any, _context: Any) -> bytes:
        given = call(message)
        return given if isinstance(given, bytes) else given.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(answer, request_deserializer=request and request.FromString)


def listen(provider: Provider, address: str, credentials: Any, done: threading.Event) -> Any:
    """A running server of one provider; without credentials it speaks plain gRPC."""

    def shutdown(_message: Any) -> Any:
        done.set()
        return controller.Empty()

    methods = {name: handler(request, call) for name, (request, call) in provider.calls().items()}
    methods["GetProviderSchema"] = handler(None, lambda _message: provider.schema_response)
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("tfplugin6.Provider", methods),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": handler(None, shutdown)}),
        )
    )
    if credentials:
        server.add_secure_port(address, credentials)
    else:
        server.add_insecure_port(address)
    server.start()
    return server


def serve_one(folder: Path) -> None:
    """Serve one provider until terraform says to stop."""
    done = threading.Event()
    with tempfile.TemporaryDirectory() as sockets:
        public, credentials = certificate()
        server = listen(Provider(folder), f"unix://{sockets}/socket", credentials, done)
        print(f"1|6|unix|{sockets}/socket|grpc|{base64.b64encode(public).decode().rstrip('=')}", flush=True)
        done.wait()
        server.stop(0.2).wait()


def serve_all(mirror: Path) -> None:
    """Serve every provider of a mirror until stdin closes, which it does when its parent is gone."""
    reattach: dict[str, Any] = {}
    servers: list[Any] = []
    with tempfile.TemporaryDirectory() as sockets:
        for schema in sorted(mirror.glob("*/*/*/*/*/schema.bin")):
            host, namespace, name = schema.relative_to(mirror).parts[:3]
            socket = f"{sockets}/{name}"
            servers.append(listen(Provider(schema.parent), f"unix://{socket}", None, threading.Event()))
            reattach[f"{host}/{namespace}/{name}"] = {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,  # leave it running
                "Addr": {"Network": "unix", "String": socket},
            }
        print(json.dumps(reattach), flush=True)
        sys.stdin.read()
        for server in servers:
            server.stop(0)


if __name__ == "__main__":
    if sys.argv[1] == "--standing":
        serve_all(Path(sys.argv[2]))
    elif os.environ.get(MAGIC_COOKIE[0]) == MAGIC_COOKIE[1]:
        serve_one(Path(sys.argv[1]))
    else:
        sys.exit("A stand-in for a Terraform provider: terraform starts it. See tests/infrastructure/offline.")
