"""The list of a connection's jobs costs a request or two, however many jobs it and other connections have had."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from uuid import uuid4

import pytest
from google.cloud.storage import Bucket

from ingestion import job_records
from ingestion.job_records import Job, Kind, Status
from tests.component.ingestion.conftest import Scripted

MOST_REQUESTS = 5


@pytest.fixture
def requests(scripted: Scripted) -> Iterator[list[str]]:
    """Every request to storage from now on."""
    made: list[str] = []
    hooks = scripted.ops.client._http.hooks["response"]
    hooks.append(lambda response, **_: made.append(response.request.url))
    yield made
    hooks.pop()


def end(ops: Bucket, connection: str, number: int, status: Status | None) -> Job:
    """A job that has ended with ``status``; None: one that is at work."""
    at = job_records.now()
    job = Job(id=number, connection=connection, connection_id=uuid4(), kind=Kind.SYNC, created_at=at, updated_at=at)
    job_records.create(ops, job)
    return job_records.conclude(ops, number, status, rows={"orders": number}) if status else job


def test_a_list_costs_a_few_requests_at_ten_jobs_and_at_hundreds(scripted: Scripted, requests: list[str]) -> None:
    counts = []
    ended = 0
    for jobs in (10, 250):
        with ThreadPoolExecutor(8) as pool:
            for number in range(ended + 1, jobs + 1):
                name = "scripted" if number % 10 else "other"  # one that syncs seldom beside one that syncs often
                pool.submit(end, scripted.ops, name, number, Status.SUCCEEDED)
        ended = jobs
        for name in ("scripted", "other"):
            for page, first in ((20, 20), (job_records.LARGEST_PAGE, 100)):
                requests.clear()
                listed = list(islice(job_records.newest_first(scripted.ops, name, page=page), first))
                counts.append(len(requests))
                assert [job.id for job in listed] == sorted((job.id for job in listed), reverse=True)
                assert {job.connection for job in listed} == {name}
                assert listed[0].rows == {"": listed[0].id}
    assert max(counts) <= MOST_REQUESTS, counts


def test_a_job_whose_end_was_not_entered_is_shown_as_its_record_says(scripted: Scripted, requests: list[str]) -> None:
    job = end(scripted.ops, "scripted", 1, None)
    end(scripted.ops, "scripted", 2, Status.FAILED)
    entry = scripted.ops.blob("airbyte/history/scripted/999999998")
    entry.reload()
    before = dict(entry.metadata)
    job_records.conclude(scripted.ops, job.id, Status.SUCCEEDED)
    entry.metadata = before  # as if the process had died between the two
    entry.upload_from_string(b"")
    requests.clear()
    listed = list(job_records.newest_first(scripted.ops, "scripted", page=20))
    assert [(each.id, each.status) for each in listed] == [(2, Status.FAILED), (1, Status.SUCCEEDED)]
    assert len(requests) <= MOST_REQUESTS


def test_a_job_that_is_made_again_by_a_second_request_stays_as_it_ended(scripted: Scripted) -> None:
    job = end(scripted.ops, "scripted", 1, Status.SUCCEEDED)
    job_records.create(scripted.ops, job.model_copy(update={"status": Status.PENDING}))
    assert [each.status for each in job_records.newest_first(scripted.ops, "scripted", page=20)] == [Status.SUCCEEDED]
