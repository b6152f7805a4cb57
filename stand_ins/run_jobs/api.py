"""The REST edge: projects.locations.jobs, .executions and .operations of run.googleapis.com v2."""

from datetime import timedelta

from flask import Flask
from google.api_core import exceptions
from google.cloud import run_v2
from google.longrunning import operations_pb2
from google.rpc import code_pb2

from stand_ins import google_rest
from stand_ins.run_jobs.executions import Ending, Execution, Executions
from stand_ins.run_jobs.job_file import Job

State = run_v2.Condition.State
Reason = run_v2.Condition.ExecutionReason
Status = run_v2.ExecutionReference.CompletionStatus


def create_app(jobs: dict[str, Job], executions: Executions) -> Flask:
    """The API over ``jobs`` by short name; each exists in every project and location."""
    app = google_rest.application("Cloud Run jobs")
    api = _Api(jobs, executions)
    location = "/v2/<path:location>"  # projects/P/locations/L
    for method, path, view in (
        ("POST", "/jobs/<job>:run", api.run),
        ("GET", "/jobs", api.list_jobs),
        ("GET", "/jobs/<job>", api.get_job),
        ("GET", "/jobs/<job>/executions", api.list_executions),
        ("GET", "/jobs/<job>/executions/<execution>", api.get_execution),
        ("POST", "/jobs/<job>/executions/<execution>:cancel", api.cancel),
        ("GET", "/operations/<operation>", api.get_operation),
    ):
        google_rest.add_route(app, method, location + path, view)
    return app


class _Api:
    def __init__(self, jobs: dict[str, Job], executions: Executions) -> None:
        self.jobs = jobs
        self.executions = executions

    def run(self, location: str, job: str) -> operations_pb2.Operation:
        definition = self._job(job)
        args, env, timeout_s = _overrides(google_rest.parse(run_v2.RunJobRequest))
        timeout_s = timeout_s or definition.timeout_s
        name = f"{location}/jobs/{job}"
        return operation_message(self.executions.start(name, definition, args=args, env=env, timeout_s=timeout_s))

    def list_jobs(self, location: str) -> run_v2.ListJobsResponse:
        names, token = google_rest.page(sorted(self.jobs), default_size=500)
        messages = [self._job_message(location, name) for name in names]
        return run_v2.ListJobsResponse(jobs=messages, next_page_token=token)

    def get_job(self, location: str, job: str) -> run_v2.Job:
        return self._job_message(location, job)

    def list_executions(self, location: str, job: str) -> run_v2.ListExecutionsResponse:
        self._job(job)
        executions, token = google_rest.page(self.executions.of_job(f"{location}/jobs/{job}"), default_size=100)
        messages = [execution_message(execution) for execution in executions]
        return run_v2.ListExecutionsResponse(executions=messages, next_page_token=token)

    def get_execution(self, location: str, job: str, execution: str) -> run_v2.Execution:
        return execution_message(self._execution(f"{location}/jobs/{job}/executions/{execution}"))

    def cancel(self, location: str, job: str, execution: str) -> operations_pb2.Operation:
        running = self._execution(f"{location}/jobs/{job}/executions/{execution}")
        if running.completed:
            raise exceptions.FailedPrecondition(f"execution {running.id} has ended at {running.completed:%FT%TZ}")
        return operation_message(self.executions.cancel(running.name))

    def get_operation(self, location: str, operation: str) -> operations_pb2.Operation:
        execution = self.executions.of_operation(f"{location}/operations/{operation}")
        if execution is None:
            raise exceptions.NotFound(f"operation {operation} does not exist")
        return operation_message(execution)

    def _job(self, job: str) -> Job:
        if job not in self.jobs:
            raise exceptions.NotFound(f"job {job!r} does not exist; there are: {', '.join(sorted(self.jobs))}")
        return self.jobs[job]

    def _execution(self, name: str) -> Execution:
        if execution := self.executions.get(name):
            return execution
        raise exceptions.NotFound(f"execution {name} does not exist")

    def _job_message(self, location: str, job: str) -> run_v2.Job:
        name, definition = f"{location}/jobs/{job}", self._job(job)
        template = _task_template(definition.command, definition.env, definition.timeout_s)
        history = self.executions.of_job(name)
        message = run_v2.Job(
            name=name,
            template=run_v2.ExecutionTemplate(parallelism=1, task_count=1, template=template),
            terminal_condition=run_v2.Condition(type_="Ready", state=State.CONDITION_SUCCEEDED),
            execution_count=len(history),
        )
        if history:
            message.latest_created_execution = run_v2.ExecutionReference(
                name=history[0].id,
                create_time=history[0].created,
                completion_time=history[0].completed,
                completion_status=_completion_status(history[0]),
            )
        return message


def _overrides(request: run_v2.RunJobRequest) -> tuple[list[str], dict[str, str], float | None]:
    """Arguments, environment and time limit of a request; what this stand-in cannot do is refused by name."""
    containers = request.overrides.container_overrides
    if len(containers) > 1:
        raise exceptions.InvalidArgument(
            f"overrides.containerOverrides: the job has 1 container, found {len(containers)}"
        )
    if request.overrides.task_count > 1:
        raise exceptions.MethodNotImplemented(f"overrides.taskCount: only 1 here, found {request.overrides.task_count}")
    if request.validate_only or request.etag:
        raise exceptions.MethodNotImplemented("validateOnly and etag are not served here")
    env = [variable for container in containers for variable in container.env]
    if secret := next((variable.name for variable in env if "value_source" in variable), None):
        raise exceptions.MethodNotImplemented(f"overrides.containerOverrides.env: {secret} has a valueSource")
    args = [argument for container in containers for argument in container.args]
    timeout: timedelta | None = request.overrides.timeout if "timeout" in request.overrides else None
    return args, {variable.name: variable.value for variable in env}, timeout.total_seconds() if timeout else None


def operation_message(execution: Execution) -> operations_pb2.Operation:
    """The long-running operation of an execution.

    A failed task is an error; a cancelled one is not (its response counts it in ``cancelledCount``), as users of the
    real API report: https://github.com/apache/airflow/pull/67050.
    """
    operation = operations_pb2.Operation(name=execution.operation, done=execution.completed is not None)
    message = run_v2.Execution.pb(execution_message(execution))
    operation.metadata.Pack(message)
    if not operation.done:
        return operation
    if execution.succeeded or execution.ending is Ending.CANCEL:
        operation.response.Pack(message)
    else:
        operation.error.code = code_pb2.ABORTED
        operation.error.message = _failure(execution)
    return operation


def execution_message(execution: Execution) -> run_v2.Execution:
    """An execution as the API shows it; ``log_uri`` is the file of its own output."""
    ended, cancelled = execution.completed is not None, execution.ending is Ending.CANCEL
    started = run_v2.Condition(type_="Started", state=State.CONDITION_SUCCEEDED, last_transition_time=execution.created)
    return run_v2.Execution(
        name=execution.name,
        job=execution.job.rpartition("/")[2],
        create_time=execution.created,
        start_time=execution.created,
        completion_time=execution.completed,
        update_time=execution.completed or execution.created,
        parallelism=1,
        task_count=1,
        template=_task_template(execution.command, execution.env, execution.timeout_s),
        reconciling=not ended,
        conditions=[_completed_condition(execution), started],
        running_count=int(not ended),
        succeeded_count=int(execution.succeeded),
        failed_count=int(ended and not execution.succeeded and not cancelled),
        cancelled_count=int(ended and cancelled),
        log_uri=execution.log.as_uri(),
    )


def _completed_condition(execution: Execution) -> run_v2.Condition:
    cancelled = execution.ending is Ending.CANCEL
    condition = run_v2.Condition(type_="Completed", state=State.CONDITION_RECONCILING)
    condition.last_transition_time = execution.completed or execution.created
    if execution.succeeded:
        condition.state = State.CONDITION_SUCCEEDED
        condition.message = "Execution completed successfully."
    elif execution.completed:
        condition.state = State.CONDITION_FAILED
        condition.message = "Execution was cancelled." if cancelled else _failure(execution)
        condition.execution_reason = Reason.CANCELLED if cancelled else Reason.NON_ZERO_EXIT_CODE
    elif cancelled:
        condition.execution_reason = Reason.CANCELLING
    return condition


def _completion_status(execution: Execution) -> run_v2.ExecutionReference.CompletionStatus:
    if not execution.completed:
        return Status.EXECUTION_RUNNING
    if execution.ending is Ending.CANCEL:
        return Status.EXECUTION_CANCELLED
    return Status.EXECUTION_SUCCEEDED if execution.succeeded else Status.EXECUTION_FAILED


def _task_template(command: list[str], env: dict[str, str], timeout_s: float) -> run_v2.TaskTemplate:
    variables = [run_v2.EnvVar(name=name, value=value) for name, value in env.items()]
    container = run_v2.Container(command=command, env=variables)
    return run_v2.TaskTemplate(containers=[container], max_retries=0, timeout=timedelta(seconds=timeout_s))


def _failure(execution: Execution) -> str:
    """Why a task failed, in the words of the real API where it has them."""
    task = f"Task {execution.id}-task0 failed with message: "
    if execution.ending is Ending.TIMEOUT:
        return f"{task}The configured timeout of {execution.timeout_s:g}s was reached."
    if execution.ending is Ending.STOP:
        return f"{task}The stand-in for Cloud Run was stopped."
    return f"{task}The container exited with an error. Exit code {execution.exit_code}; its output: {execution.log}"
