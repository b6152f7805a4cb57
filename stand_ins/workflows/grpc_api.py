"""The Executions API over gRPC, for the unmodified google-cloud-workflows client."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc
from google.cloud.workflows.executions_v1.types import (
    CancelExecutionRequest,
    CreateExecutionRequest,
    Execution,
    ExecutionView,
    GetExecutionRequest,
    ListExecutionsRequest,
    ListExecutionsResponse,
)

from stand_ins.workflows.service import REVISION, Record, Service

SERVICE = "google.cloud.workflows.executions.v1.Executions"
PAGE = 100  # the API's default; its largest is 1000
STATE_FILTER = re.compile(r'state\s*=\s*"([A-Z]+)"')


def serve(server: grpc.Server, service: Service, *, parent: str) -> None:
    """Start to answer for the workflows under ``projects/P/locations/L``."""
    calls: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
        "CreateExecution": (lambda r: _create(service, parent, r), CreateExecutionRequest, Execution),
        "GetExecution": (lambda r: _show(parent, _find(service, parent, r.name)), GetExecutionRequest, Execution),
        "ListExecutions": (lambda r: _list(service, parent, r), ListExecutionsRequest, ListExecutionsResponse),
        "CancelExecution": (lambda r: _cancel(service, parent, r), CancelExecutionRequest, Execution),
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _handler(call), request_deserializer=request.deserialize, response_serializer=response.serialize
        )
        for name, (call, request, response) in calls.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.start()


class _Refusal(Exception):
    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def _handler(call: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request)
        except _Refusal as refusal:
            context.abort(refusal.code, str(refusal))

    return answer


def _workflow(parent: str, name: str) -> str:
    prefix = f"{parent}/workflows/"
    if not name.startswith(prefix):
        raise _Refusal(grpc.StatusCode.NOT_FOUND, f"{name}: this server has {prefix}*")
    return name.removeprefix(prefix)


def _create(service: Service, parent: str, request: CreateExecutionRequest) -> Execution:
    workflow = _workflow(parent, request.parent)
    try:
        record = service.create(workflow, request.execution.argument, dict(request.execution.labels))
    except KeyError:
        raise _Refusal(grpc.StatusCode.NOT_FOUND, f"workflow {request.parent} not found") from None
    except ValueError as error:
        raise _Refusal(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from None
    return _show(parent, record)


def _find(service: Service, parent: str, name: str) -> Record:
    workflow, _, execution_id = _workflow(parent, name).partition("/executions/")
    try:
        return service.get(workflow, execution_id)
    except KeyError:
        raise _Refusal(grpc.StatusCode.NOT_FOUND, f"execution {name} not found") from None


def _cancel(service: Service, parent: str, request: CancelExecutionRequest) -> Execution:
    record = _find(service, parent, request.name)
    if record.state != "ACTIVE":
        raise _Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"{request.name} is {record.state}")
    return _show(parent, service.cancel(record.workflow, record.id))


def _list(service: Service, parent: str, request: ListExecutionsRequest) -> ListExecutionsResponse:
    state = STATE_FILTER.fullmatch(request.filter.strip()) if request.filter else None
    if (request.filter and not state) or request.order_by:
        unknown = request.filter or request.order_by
        reason = f'here filter is state="..." and the order is newest first, found {unknown!r}'
        raise _Refusal(grpc.StatusCode.UNIMPLEMENTED, reason)
    if request.page_token and not request.page_token.isdigit():
        raise _Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"page_token {request.page_token!r} is not one of this server")
    records = [r for r in service.list(_workflow(parent, request.parent)) if not state or r.state == state[1]]
    start = int(request.page_token or 0)
    end = start + min(request.page_size or PAGE, 1000)
    whole = request.view == ExecutionView.FULL  # a list is BASIC by default: no argument, result or error
    shown = [_show(parent, record, whole=whole) for record in records[start:end]]
    return ListExecutionsResponse(executions=shown, next_page_token=str(end) if end < len(records) else "")


def _show(parent: str, record: Record, *, whole: bool = True) -> Execution:
    execution = Execution(
        name=f"{parent}/workflows/{record.workflow}/executions/{record.id}",
        state=record.state,
        start_time=datetime.fromisoformat(record.started),
        workflow_revision_id=REVISION,
    )
    if record.ended:
        execution.end_time = datetime.fromisoformat(record.ended)
        execution.duration = execution.end_time - execution.start_time
    if whole:
        execution.argument = record.argument
        execution.labels = record.labels
        execution.status = {"current_steps": record.current_steps}
        execution.result = record.result or ""
        execution.error = record.error
    return execution
