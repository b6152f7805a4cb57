"""A process that is every provider: gRPC over Unix sockets, until stdin closes.

    python -m tests.infrastructure.offline.plugin

It prints what terraform wants in TF_REATTACH_PROVIDERS; ``terraform init`` then installs no provider. One terraform at
a time may use it.
"""

import json
import os
import sys
import tempfile
from concurrent import futures
from typing import Any

import grpc

from tests.infrastructure.offline import schemas
from tests.infrastructure.offline.provider import Call, Provider


def handler(request: Any, call: Call) -> Any:
    """One unary gRPC method; an answer is a message or its bytes."""

    def answer(message: Any, _context: Any) -> bytes:
        given = call(message)
        return given if isinstance(given, bytes) else given.SerializeToString()

    return grpc.unary_unary_rpc_method_handler(answer, request_deserializer=request and request.FromString)


def listen(provider: Provider, address: str) -> Any:
    methods = {name: handler(request, call) for name, (request, call) in provider.calls().items()}
    methods["GetProviderSchema"] = handler(None, lambda _message: provider.schema_response)
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("tfplugin6.Provider", methods),))
    server.add_insecure_port(address)
    server.start()
    return server


def main() -> None:
    """Serve until stdin closes, which it does when the parent is gone."""
    reattach: dict[str, Any] = {}
    servers: list[Any] = []
    with tempfile.TemporaryDirectory() as sockets:
        for schema in schemas.load():
            socket = f"{sockets}/{schema.name}"
            servers.append(listen(Provider(schema), f"unix://{socket}"))
            reattach[f"registry.terraform.io/hashicorp/{schema.name}"] = {
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
    main()
