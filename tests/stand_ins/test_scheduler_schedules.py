"""When jobs are due and how long they wait: values in, values out."""

from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.scheduler_v1 import Job

from stand_ins.scheduler.schedules import backoff, may_retry, next_time, with_defaults


def job(schedule: str = "0 5 * * *", time_zone: str = "Etc/UTC", **retry: object) -> Job:
    target = {"uri": "http://x/"}
    return with_defaults(Job(schedule=schedule, time_zone=time_zone, http_target=target, retry_config=retry))


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("0 5 * * *", "2026-01-15 12:00", "2026-01-16 10:00"),  # winter: UTC-5
        ("0 5 * * *", "2026-07-15 12:00", "2026-07-16 09:00"),  # summer: UTC-4
        ("0 5 * * *", "2026-03-07 12:00", "2026-03-08 09:00"),  # the day clocks go forward
        ("0 5 * * *", "2026-10-31 12:00", "2026-11-01 10:00"),  # the day they go back
        ("30 2 * * *", "2026-03-08 05:00", "2026-03-08 07:00"),  # 02:30 does not exist: at 03:00, when it would be past
        ("*/15 * * * *", "2026-01-01 00:07", "2026-01-01 00:15"),
        ("0 9 * * 1", "2026-11-24 15:00", "2026-11-30 14:00"),  # Monday
    ],
)
def test_the_next_time_follows_the_clock_on_the_wall(schedule: str, after: str, expected: str) -> None:
    time = next_time(job(schedule, "America/New_York"), datetime.fromisoformat(f"{after}+00:00"))
    assert time == datetime.fromisoformat(f"{expected}+00:00")


def test_a_time_is_never_its_own_successor() -> None:
    due = datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert next_time(job(), due) == due + timedelta(days=1)


def test_the_backoff_doubles_then_grows_by_equal_steps_up_to_its_limit() -> None:
    """The example of https://cloud.google.com/scheduler/docs/configuring/retry-jobs."""
    limits = {"min_backoff_duration": timedelta(seconds=10), "max_backoff_duration": timedelta(seconds=300)}
    waits = [backoff(job(max_doublings=3, **limits), retry).total_seconds() for retry in range(8)]
    assert waits == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize(
    ("policy", "retries", "elapsed_s", "expected"),
    [
        ({}, 0, 0, False),
        ({"retry_count": 2}, 1, 1000, True),
        ({"retry_count": 2}, 2, 0, False),
        ({"max_retry_duration": timedelta(seconds=60)}, 9, 59, True),
        ({"max_retry_duration": timedelta(seconds=60)}, 9, 60, False),
        ({"retry_count": 2, "max_retry_duration": timedelta(seconds=60)}, 2, 59, True),  # until both are reached
        ({"retry_count": 2, "max_retry_duration": timedelta(seconds=60)}, 1, 61, True),
        ({"retry_count": 2, "max_retry_duration": timedelta(seconds=60)}, 2, 61, False),
    ],
)
def test_a_run_is_retried_within_its_policy(
    policy: dict[str, object], retries: int, elapsed_s: int, expected: bool
) -> None:
    assert may_retry(job(**policy), retries=retries, elapsed=timedelta(seconds=elapsed_s)) is expected
