"""Coalescing under seeded chaos: events doubled, reordered and late, handlers killed after any call they make.

Real storage, gRPC and HTTP; only the order of things and the crashes are the test's. A crash is raised by the
transport after the server has done its work, which is what a killed process looks like from outside. Repeat a
failure with BIAAC_SEED.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import requests
from google.cloud.workflows import executions_v1
from requests.adapters import HTTPAdapter

from biaac import objects
from biaac.airbyte import Airbyte
from biaac.bronze import ObjectName
from biaac.clients import executions_client, storage_client
from biaac.errors import TransientError
from biaac.runs import Outcome
from biaac.settings import AirbyteSettings
from biaac.workflow import Workflow
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.executions_server import FakeExecutions, State
from tests.component.functions.published import record

START = datetime(2026, 11, 24, tzinfo=UTC)
CRASH = 0.04  # a busy event's handler makes twenty calls and more: every second delivery of it dies
MOST_CRASHES = 8  # of one event: a round has an end
DOUBLED = 0.4


class Crash(BaseException):
    """The process was killed."""


@dataclass
class Dice:
    """Decides after which call the process dies; ``armed`` while a handler runs, for its thread alone."""

    random: random.Random
    armed: int | None = None
    chance: float = CRASH
    crashes: int = 0

    def roll(self) -> None:
        if self.armed == threading.get_ident() and self.random.random() < self.chance:
            self.crashes += 1
            raise Crash


class CrashingStorage(HTTPAdapter):
    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(*args, **kwargs)
        self.dice.roll()
        return response


class CrashingAirbyte(httpx.HTTPTransport):
    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        try:
            self.dice.roll()
        except Crash:
            response.close()  # the killed process would not hold a connection of the pool either
            raise
        return response


@dataclass
class CrashingExecutions:
    """``created`` counts the executions of the handler that runs now."""

    client: executions_v1.ExecutionsClient
    dice: Dice
    created: list[int] = field(default_factory=list)

    def create_execution(self, **request: Any) -> executions_v1.Execution:
        execution = self.client.create_execution(**request)
        self.created.append(int(execution.argument.rpartition(":")[2].rstrip("} ")))
        self.dice.roll()
        return execution

    def get_execution(self, **request: Any) -> executions_v1.Execution:
        execution = self.client.get_execution(**request)
        self.dice.roll()
        return execution


@dataclass
class World:
    """One round: a business whose syncs run, and an Eventarc that delivers as badly as it may."""

    random: random.Random
    airbyte: FakeAirbyte
    executions: FakeExecutions
    clients: Any
    crashing: CrashingExecutions
    coalescing: Any
    dice: Dice
    pending: list[tuple[str, ObjectName]] = field(default_factory=list)  # (event id, file)
    running: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # connection -> job, epoch, files to write
    may_double: Counter[int] = field(default_factory=Counter)  # job -> crashes of handlers that had just started it
    tries: Counter[str] = field(default_factory=Counter)  # event -> its deliveries
    hours: int = 0
    events: int = 0

    def some_business(self, lose: float = 0.0) -> None:
        """A sync starts, writes a file (its event goes on the way, unless lost), tries again, or ends."""
        connection = self.random.choice(sorted(self.airbyte.connections))
        if connection not in self.running:
            self.hours += 1
            at = START + timedelta(hours=self.hours)
            job = self.airbyte.start(connection, at=at)
            self.running[connection] = (job, self._epoch(at), self.random.randint(1, 5))
            return
        job, epoch, files = self.running[connection]
        if files:
            self.events += 1
            if self.random.random() >= lose:
                event = (f"e{self.events}", ObjectName(connection, "lines", epoch, part=0))
                self.pending += [event] * (2 if self.random.random() < DOUBLED else 1)
            self.running[connection] = (job, epoch, files - 1)
        elif self.random.random() < 0.2:  # the attempt failed, another follows under an epoch of its own
            self.airbyte.finish(job, "incomplete")
            self.running[connection] = (job, epoch + 60_000, self.random.randint(1, 2))
        else:
            self.airbyte.finish(job, self.random.choices(["succeeded", "failed", "cancelled"], [7, 2, 1])[0])
            del self.running[connection]

    def _epoch(self, at: datetime) -> int:
        return int(at.timestamp() * 1000) + self.random.randint(0, 1500)

    def deliver(self) -> None:
        """Any event that is on its way; what is not acknowledged stays on its way."""
        chosen = self.random.randrange(len(self.pending))
        event, file = self.pending[chosen]
        self.tries[event] += 1
        self.dice.chance = CRASH if self.tries[event] <= MOST_CRASHES else 0.0
        if self._survives(lambda: self.coalescing.wake_up(self.clients, event=event, file=file)):
            self.pending.pop(chosen)

    def sweep(self, *, crashing: float = CRASH) -> None:
        self.dice.chance = crashing
        self._survives(lambda: self.coalescing.sweep(self.clients))

    def _survives(self, handler: Callable[[], object]) -> bool:
        self.crashing.created.clear()
        self.dice.armed = threading.get_ident()
        try:
            handler()
        except TransientError:
            return False
        except Crash:
            self.may_double.update(set(self.crashing.created))
            return False
        finally:
            self.dice.armed = None
        return True

    def succeeded(self) -> set[int]:
        return {job["jobId"] for job in self.airbyte.jobs if job["status"] == "succeeded"}

    def newest_succeeded(self) -> set[int]:
        """Of each connection: a release holds all earlier jobs with it."""
        newest: dict[str, int] = {}
        for job in self.airbyte.jobs:
            if job["status"] == "succeeded":
                newest[job["connectionId"]] = max(newest.get(job["connectionId"], 0), job["jobId"])
        return set(newest.values())

    def is_done(self, execution: str) -> bool:
        return bool(self.executions.executions[execution].state == State.SUCCEEDED)

    def starts(self) -> Counter[int]:
        return Counter(argument["job"] for argument in self.executions.arguments())


@pytest.fixture
def new_world(
    new_process: Callable[[], None], airbyte: FakeAirbyte, executions: FakeExecutions, seed: int
) -> Callable[[int], World]:
    def build(number: int) -> World:
        import clients as functions_clients
        import coalescing

        chance = random.Random(seed + number)  # noqa: S311  a test's order of events
        dice = Dice(chance)
        settings = functions_clients.Settings.load()
        clients: Any = functions_clients.Clients(settings)
        storage = storage_client(settings)
        storage._http.mount("http://", CrashingStorage(dice))
        clients.ops = storage.bucket(settings.ops_bucket)
        clients.lake = storage.bucket(settings.lake_bucket)
        crashing: Any = CrashingExecutions(executions_client(settings), dice)
        clients.workflow = Workflow(settings, client=crashing)
        clients.airbyte = Airbyte(AirbyteSettings.load(), http=httpx.Client(transport=CrashingAirbyte(dice)))
        return World(chance, airbyte, executions, clients, crashing, coalescing, dice)

    return build


@pytest.mark.parametrize("number", range(4))
def test_events_alone_start_the_newest_succeeded_sync_of_each_connection_and_none_that_failed(
    new_world: Callable[[int], World], number: int
) -> None:
    world = new_world(number)
    for _ in range(50):
        world.some_business()
        for _ in range(world.random.randint(0, 2)):
            if world.pending:
                world.deliver()
    while world.pending or world.running:  # business comes to rest, everything on its way arrives
        if world.running:
            world.some_business()
        if world.pending:
            world.deliver()

    starts = world.starts()
    assert world.succeeded(), "the round is worth its name"
    assert world.dice.crashes
    assert world.newest_succeeded() <= set(starts) <= world.succeeded()
    for job, times in starts.items():
        assert times <= 1 + world.may_double[job], f"job {job} was started {times} times without a crash to excuse it"


@pytest.mark.parametrize("number", range(4, 7))
def test_the_sweep_finds_what_events_lost_and_what_died_and_then_comes_to_rest(
    new_world: Callable[[int], World], number: int
) -> None:
    world = new_world(number)
    rejected: set[str] = set()

    def end_some(failing: float) -> None:
        for name, execution in world.executions.executions.items():
            if execution.state != State.ACTIVE:
                continue
            if world.random.random() >= failing:
                world.executions.end(name, State.SUCCEEDED)
            else:
                world.executions.end(name, world.random.choice([State.FAILED, State.CANCELLED]))
                if world.random.random() < 0.3:
                    record(world.clients.ops, name.rpartition("/")[2], Outcome.REJECTED)
                    rejected.add(name)

    for _ in range(50):
        world.some_business(lose=0.6)
        if world.pending and world.random.random() < 0.6:
            world.deliver()
        if world.random.random() < 0.15:
            world.sweep()
        if world.random.random() < 0.2:
            end_some(failing=0.5)
    world.pending.clear()  # what Eventarc gave up after a day
    while world.running:
        world.some_business(lose=1.0)

    end_some(failing=0.0)
    world.sweep(crashing=0.0)
    end_some(failing=0.0)
    before = len(world.executions.executions)
    world.sweep(crashing=0.0)
    assert len(world.executions.executions) == before, "one whole sweep repairs everything"

    assert world.newest_succeeded() <= set(world.starts()) <= world.succeeded()
    for name in objects.names(world.clients.ops, "starts/"):
        job = int(name.rpartition("/")[2])
        executions = objects.read(world.clients.ops, name).value["executions"]
        assert job not in world.newest_succeeded() or world.is_done(executions[-1]) or executions[-1] in rejected
        assert world.starts()[job] <= 5 + world.may_double[job]
