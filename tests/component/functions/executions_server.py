"""The Workflows Executions API over gRPC, for tests that need executions to end as the test says."""

import json
import threading
from collections.abc import Sequence
from concurrent import futures
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
from google.cloud.workflows import executions_v1 as api

State = api.Execution.State


class FakeExecutions:
    """Creates executions that stay in the state ``created_as`` until a test ends them.

    ``answers_lost``: so many creations succeed but answer UNAVAILABLE.
    """

    def __init__(self) -> None:
        self.executions: dict[str, api.Execution] = {}
        self.answers_lost = 0
        self.created_as = State.ACTIVE
        self.lock = threading.Lock()
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(
                    "google.cloud.workflows.executions.v1.Executions",
                    {
                        "CreateExecution": _unary(self.create, api.CreateExecutionRequest),
                        "GetExecution": _unary(self.get, api.GetExecutionRequest),
                        "ListExecutions": _unary(self.list, api.ListExecutionsRequest),
                    },
                ),
            )
        )
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def create(self, request: api.CreateExecutionRequest, context: grpc.ServicerContext) -> api.Execution:
        if not request.parent.endswith("/workflows/refresh"):
            context.abort(grpc.StatusCode.NOT_FOUND, f"workflow {request.parent} not found")
        execution = api.Execution(request.execution)
        execution.name = f"{request.parent}/executions/{uuid4()}"
        execution.state = self.created_as
        execution.start_time = datetime.now(UTC)
        with self.lock:
            self.executions[execution.name] = execution
            lost, self.answers_lost = self.answers_lost > 0, max(self.answers_lost - 1, 0)
        if lost:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the answer was lost")
        return execution

    def get(self, request: api.GetExecutionRequest, context: grpc.ServicerContext) -> api.Execution:
        if request.name not in self.executions:
            context.abort(grpc.StatusCode.NOT_FOUND, f"execution {request.name} not found")
        return self.executions[request.name]

    def list(self, request: api.ListExecutionsRequest, context: grpc.ServicerContext) -> api.ListExecutionsResponse:
        return api.ListExecutionsResponse(executions=[*self.executions.values()][::-1])

    def end(self, name: str, state: State) -> None:
        self.executions[name].state = state

    def arguments(self) -> Sequence[dict[str, Any]]:
        """What each execution was started with, in order."""
        with self.lock:
            return [json.loads(execution.argument) for execution in self.executions.values()]


def _unary(answer: Any, request: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request.deserialize,
        response_serializer=lambda message: type(message).serialize(message),
    )
