"""biaac.airbyte: whatever an Airbyte server may answer is a value or one of our errors."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from biaac.airbyte import Airbyte
from biaac.errors import BiaacError, PermanentError, TransientError
from biaac.settings import AirbyteSettings
from tests.component.functions.airbyte_server import FakeAirbyte
from tests.component.functions.conftest import airbyte, connections

__all__ = ["airbyte", "connections"]  # fixtures of another folder, used here as they are

SECRET = "s3cret"


@pytest.fixture
def settings(environment: dict[str, str]) -> AirbyteSettings:
    return AirbyteSettings.load()


@pytest.fixture
def client(settings: AirbyteSettings, airbyte: FakeAirbyte, connections: list[str]) -> Airbyte:
    airbyte_client = Airbyte(settings.model_copy(update={"airbyte_url": airbyte.url}))
    airbyte_client.newest_jobs("shop")  # the id of the connection is known from here on
    airbyte.calls.clear()
    return airbyte_client


@pytest.fixture
def log_in(settings: AirbyteSettings, airbyte: FakeAirbyte, connections: list[str]) -> Callable[..., Airbyte]:
    """A new client of a server that gives tokens for ``SECRET``."""
    airbyte.secret = SECRET

    def new_client(secret: str = SECRET) -> Airbyte:
        credentials = {"airbyte_client_id": "id", "airbyte_client_secret": SecretStr(secret)}
        return Airbyte(settings.model_copy(update={"airbyte_url": airbyte.url, **credentials}))

    return new_client


def test_jobs_come_newest_first_and_only_of_the_connection(client: Airbyte, airbyte: FakeAirbyte) -> None:
    for _ in range(25):
        airbyte.finish(airbyte.start("shop"), "succeeded", rows=3)
        airbyte.start("web_shop")
    jobs = client.newest_jobs("shop")
    assert [job.id for job in jobs] == list(range(49, 9, -2))
    assert (jobs[0].state, jobs[0].rows, jobs[0].live) == ("succeeded", 3, False)


def test_of_all_pages_only_jobs_that_brought_rows_and_succeeded_count(client: Airbyte, airbyte: FakeAirbyte) -> None:
    for number in range(1, 251):
        kind = {0: "clear", 1: "refresh", 2: "reset"}.get(number % 5, "sync")
        airbyte.start("shop", state="failed" if number % 3 == 0 else "succeeded", kind=kind)
    delivered = [number for number in range(1, 251) if number % 3 and number % 5 not in (0, 2)]
    assert [job.id for job in client.delivered_after("shop", 0)] == delivered
    airbyte.calls.clear()
    assert [job.id for job in client.delivered_after("shop", 247)] == [248]
    assert airbyte.calls["GET /jobs"] == 1, "reading stops at the newest job that is known"


def test_a_job_ended_when_it_was_last_updated(client: Airbyte, airbyte: FakeAirbyte) -> None:
    airbyte.start("shop", state="succeeded")
    airbyte.jobs[0]["lastUpdatedAt"] = "2026-11-24T06:07:08Z"
    (job,) = client.delivered_after("shop", 0)
    assert job.updated_at == datetime(2026, 11, 24, 6, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize("answer", [(500, "oops", "text/plain"), (429, "{}", "application/json"), None])
def test_a_read_that_fails_once_is_repeated(
    client: Airbyte, airbyte: FakeAirbyte, answer: tuple[int, str, str] | None
) -> None:
    airbyte.answers.append(answer)
    assert client.newest_jobs("shop") == []
    assert airbyte.calls["GET /jobs"] == 2


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ((401, "{}", "application/json"), PermanentError, "roles/run.invoker"),
        ((403, "{}", "application/json"), PermanentError, "roles/run.invoker"),
        ((404, "{}", "application/json"), PermanentError, "AIRBYTE_URL"),
        ((200, "<html>log in</html>", "text/html"), PermanentError, "AIRBYTE_URL"),
        (
            (200, '{"data": [{"jobId": 1, "status": "paused", "jobType": "sync"}]}', "application/json"),
            PermanentError,
            "cannot read",
        ),
        ((500, "oops", "text/plain"), TransientError, "answered 500: oops"),
        (None, TransientError, "does not answer"),
    ],
)
def test_every_refusal_is_an_error_of_ours(
    client: Airbyte, airbyte: FakeAirbyte, answer: tuple[int, str, str] | None, error: type[BiaacError], message: str
) -> None:
    airbyte.answers.extend([answer] * 3)
    with pytest.raises(error, match=message):
        client.newest_jobs("shop")


def test_a_refusal_of_an_airbyte_that_gives_tokens_names_its_credentials(
    log_in: Callable[..., Airbyte], airbyte: FakeAirbyte
) -> None:
    airbyte.answers.append((403, "{}", "application/json"))
    with pytest.raises(PermanentError, match="AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET"):
        log_in().newest_jobs("shop")


def test_a_connection_that_our_own_airbyte_lacks_is_to_be_deployed(client: Airbyte) -> None:
    with pytest.raises(PermanentError, match=r"no connection named 'other'.*\n.*it was built with"):
        client.newest_jobs("other")


def test_a_connection_that_another_airbyte_lacks_is_made_where_it_is_kept(log_in: Callable[..., Airbyte]) -> None:
    with pytest.raises(PermanentError, match=r"no connection named 'other'.*\n.*docs/airbyte\.md"):
        log_in().newest_jobs("other")


def test_a_server_that_is_not_there_is_transient(settings: AirbyteSettings) -> None:
    with pytest.raises(TransientError, match=r"http://127\.0\.0\.1:1/api/public/v1 does not answer"):
        Airbyte(settings).newest_jobs("shop")


@pytest.mark.parametrize("spelling", ["grant-type", "grant_type"])
def test_a_server_gets_its_own_spelling_of_the_grant(
    log_in: Callable[..., Airbyte], airbyte: FakeAirbyte, spelling: str
) -> None:
    airbyte.grant = spelling
    assert log_in().delivered_after("shop", 0) == []


def test_one_token_serves_all_calls_of_one_client_and_no_other(
    log_in: Callable[..., Airbyte], airbyte: FakeAirbyte
) -> None:
    for tokens in (1, 2):
        client = log_in()
        client.newest_jobs("shop")
        client.newest_jobs("web_shop")
        assert airbyte.tokens_given == tokens


def test_wrong_credentials_are_a_persons_to_mend_and_not_in_the_message(log_in: Callable[..., Airbyte]) -> None:
    with pytest.raises(PermanentError, match="gave no token: 401") as error:
        log_in("gue55").newest_jobs("shop")
    assert "gue55" not in str(error.value)


def test_a_refused_token_is_fetched_anew_next_time(log_in: Callable[..., Airbyte], airbyte: FakeAirbyte) -> None:
    client = log_in()
    client.newest_jobs("shop")
    airbyte.tokens_given += 1  # the server has been restarted and forgotten what it gave
    with pytest.raises(PermanentError, match="401"):
        client.newest_jobs("shop")
    assert client.newest_jobs("shop") == []
