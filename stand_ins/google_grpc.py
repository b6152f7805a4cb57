"""What Google's gRPC APIs have in common: a server whose methods are plain functions, and the codes of errors."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.api_core import exceptions

Method = tuple[Callable[[Any], Any], Any, Any]  # a function of a request, the type of the request, that of the response


def serve(server: grpc.Server, service: str, methods: Mapping[str, Method]) -> None:
    """Start to answer for a service; an exception of google.api_core becomes its status code.

    >>> serve(server, "google.pubsub.v1.Publisher", {"GetTopic": (get_topic, GetTopicRequest, Topic)})
    """
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _handler(function), request_deserializer=request.deserialize, response_serializer=response.serialize
        )
        for name, (function, request, response) in methods.items()
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, handlers)])
    server.start()


def _handler(function: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def respond(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return function(request)
        except exceptions.GoogleAPICallError as error:
            context.abort(error.grpc_status_code, error.message)

    return respond
