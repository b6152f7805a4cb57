"""The Executions API over gRPC, for the unmodified google-cloud-workflows client."""

import re
from datetime import datetime
from functools import partial

import grpc
from google.api_core import exceptions
from google.cloud.workflows.executions_v1 import types

from stand_ins import google_grpc
from stand_ins.workflows.service import REVISION, Record, Service

PAGE = 100  # the API's default; its largest is 1000
STATE_FILTER = re.compile(r'state\s*=\s*"([A-Z]+)"')


def serve(server: grpc.Server, service: Service, *, parent: str) -> None:
    """Start to answer for the workflows under ``projects/P/locations/L``."""
    methods: dict[str, google_grpc.Method] = {
        "CreateExecution": (partial(_create, service, parent), types.CreateExecutionRequest, types.Execution),
        "GetExecution": (partial(_get, service, parent), types.GetExecutionRequest, types.Execution),
        "ListExecutions": (partial(_list, service, parent), types.ListExecutionsRequest, types.ListExecutionsResponse),
        "CancelExecution": (partial(_cancel, service, parent), types.CancelExecutionRequest, types.Execution),
    }
    google_grpc.serve(server, "google.cloud.workflows.executions.v1.Executions", methods)


def _workflow(parent: str, name: str) -> str:
    prefix = f"{parent}/workflows/"
    if not name.startswith(prefix):
        raise exceptions.NotFound(f"{name}: this server has {prefix}*")
    return name.removeprefix(prefix)


def _create(service: Service, parent: str, request: types.CreateExecutionRequest) -> types.Execution:
    workflow = _workflow(parent, request.parent)
    record = service.create(workflow, request.execution.argument, dict(request.execution.labels))
    return _message(parent, record)


def _find(service: Service, parent: str, name: str) -> Record:
    workflow, _, execution_id = _workflow(parent, name).partition("/executions/")
    return service.get(workflow, execution_id)


def _get(service: Service, parent: str, request: types.GetExecutionRequest) -> types.Execution:
    return _message(parent, _find(service, parent, request.name))


def _cancel(service: Service, parent: str, request: types.CancelExecutionRequest) -> types.Execution:
    record = _find(service, parent, request.name)
    if record.state != "ACTIVE":
        raise exceptions.FailedPrecondition(f"{request.name} is {record.state}")
    return _message(parent, service.cancel(record.workflow, record.id))


def _list(service: Service, parent: str, request: types.ListExecutionsRequest) -> types.ListExecutionsResponse:
    state = STATE_FILTER.fullmatch(request.filter.strip()) if request.filter else None
    if (request.filter and not state) or request.order_by:
        unknown = request.filter or request.order_by
        reason = f'here filter is state="..." and the order is newest first, found {unknown!r}'
        raise exceptions.MethodNotImplemented(reason)
    if request.page_token and not request.page_token.isdigit():
        raise exceptions.InvalidArgument(f"page_token {request.page_token!r} is not one of this server")
    records = [r for r in service.list(_workflow(parent, request.parent)) if not state or r.state == state[1]]
    start = int(request.page_token or 0)
    end = start + min(request.page_size or PAGE, 1000)
    whole = request.view == types.ExecutionView.FULL  # a list is BASIC by default: no argument, result or error
    messages = [_message(parent, record, whole=whole) for record in records[start:end]]
    return types.ListExecutionsResponse(executions=messages, next_page_token=str(end) if end < len(records) else "")


def _message(parent: str, record: Record, *, whole: bool = True) -> types.Execution:
    execution = types.Execution(
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
