"""One workload asks another: cache service, Airbyte API and functions get an identity token for their own address."""

import json
from pathlib import Path
from typing import Any

import pytest

from biaac.settings import ROOT
from tests.component.cloud.conftest import CACHE, INGESTION, SYNC, Cloud
from tests.component.functions.airbyte_server import airbyte_connection
from tests.metadata_server import ACCOUNT, ACCOUNT_PATH, claims, identity_token

JOB = {
    "jobId": 7,
    "status": "succeeded",
    "jobType": "sync",
    "startTime": "2026-11-24T06:00:00Z",
    "lastUpdatedAt": "2026-11-24T06:01:00Z",
    "connectionId": "c-1",
    "rowsSynced": 10,
}
BY_AIRBYTE = (
    "from biaac.airbyte import Airbyte; from biaac.settings import AirbyteSettings\n"
    "airbyte = Airbyte(AirbyteSettings.load())\n"
    "print(*(job.id for job in airbyte.newest_jobs('shop') + airbyte.delivered_after('shop', 0)))"
)
BY_FUNCTION = (
    "import sys; sys.path.insert(0, 'functions')\n"
    "from clients import Clients, Settings; from warming import warm\n"
    "warm(Clients(Settings.load()), 'x-1', '000001-abc'); print('warm')"
)
BY_SUPERSET = (
    "import os, sys; sys.path.insert(0, 'superset')\n"
    "from plugin.flight import query\n"
    "print(query(os.environ['CACHE_URL'], 'SELECT 42', release='000001-abc')['answer'][0])"
)


def airbyte(method: str, path: str, body: bytes) -> tuple[int, Any]:
    if path.endswith("/applications/token"):
        return 200, {"access_token": "of-airbyte", "token_type": "Bearer", "expires_in": 900}
    listed = airbyte_connection("shop", "c-1") if path.endswith("/connections") else JOB
    return 200, {"data": [listed], "next": "", "previous": ""}


def test_our_own_airbyte_api_is_asked_with_a_token_for_its_address(cloud: Cloud) -> None:
    cloud.web.answers[INGESTION] = airbyte
    cloud.variables["AIRBYTE_URL"] = f"https://{INGESTION}/api/public/v1"
    assert cloud.do(BY_AIRBYTE) == "7 7"
    assert set(cloud.internet.asked) == {f"{INGESTION}:443"}
    assert [asked.path.partition("?")[0] for asked in cloud.web.asked] == [
        "/api/public/v1/connections",
        "/api/public/v1/jobs",
        "/api/public/v1/jobs",
    ]
    for asked in cloud.web.asked:
        assert claims(asked.authorization)["aud"] == f"https://{INGESTION}"
        assert claims(asked.authorization)["email"] == ACCOUNT
    assert cloud.metadata.asked[ACCOUNT_PATH + "identity"] == 1, "one token serves many calls"


def test_airbyte_cloud_is_asked_with_the_token_it_gives_and_never_with_googles(cloud: Cloud) -> None:
    cloud.web.answers["api.airbyte.com"] = airbyte
    cloud.variables |= {
        "AIRBYTE_URL": "https://api.airbyte.com/v1",
        "AIRBYTE_CLIENT_ID": "id",
        "AIRBYTE_CLIENT_SECRET": "s3cret",
    }
    assert cloud.do(BY_AIRBYTE) == "7 7"
    assert set(cloud.internet.asked) == {"api.airbyte.com:443"}
    first, *others = cloud.web.asked
    assert (first.path, first.authorization) == ("/v1/applications/token", None)
    assert b"s3cret" in first.body
    assert {asked.authorization for asked in others} == {"Bearer of-airbyte"}
    assert not cloud.metadata.asked, "what a workload may do at Google is nobody else's business"


@pytest.mark.parametrize(
    ("program", "said"), [(BY_FUNCTION, "warm"), (BY_SUPERSET, "42")], ids=["warm_cache", "superset"]
)
def test_the_cache_service_is_asked_over_tls_with_a_token_for_its_address(
    cloud: Cloud, program: str, said: str
) -> None:
    cloud.variables["CACHE_URL"] = f"grpc+tls://{CACHE}:443"
    assert cloud.do(program).splitlines()[-1] == said
    assert cloud.internet.asked == [f"{CACHE}:443"]
    for asked in cloud.cache.asked:
        assert claims(asked.authorization)["aud"] == f"https://{CACHE}", "without the port, as Cloud Run wants it"


def test_a_service_whose_certificate_nobody_vouches_for_is_not_believed(cloud: Cloud) -> None:
    cloud.variables["CACHE_URL"] = f"grpc+tls://{CACHE}:443"
    del cloud.variables["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]  # leaves the machine's own authorities
    done = cloud.run("-c", BY_SUPERSET)
    assert done.returncode == 1
    assert "certificate" in done.stderr.lower()
    assert not cloud.cache.asked


@pytest.fixture
def command(cloud: Cloud) -> Cloud:
    """The variables of a person's command against the cloud."""
    cloud.web.answers[INGESTION] = airbyte
    cloud.web.answers["storage.googleapis.com"] = lambda method, path, body: (404, {"error": {"code": 404}})
    cloud.variables |= {
        "AIRBYTE_URL": f"https://{INGESTION}/api/public/v1",
        "SYNC_URL": f"https://{SYNC}",
        "SWEEP_URL": "https://sweep.example",
        "CACHE_URL": f"grpc+tls://{CACHE}:443",
        "SUPERSET_URL": "https://superset.example",
    }
    return cloud


def test_a_query_of_the_command_is_asked_over_tls_with_a_token(command: Cloud) -> None:
    asked = command.run("-m", "cli", "query", "SELECT 42", "--format", "csv")
    assert asked.stdout.splitlines() == ['"answer"', "42"], asked.stderr
    assert command.internet.asked == [f"{CACHE}:443"]
    assert {claims(each.authorization)["aud"] for each in command.cache.asked} == {f"https://{CACHE}"}


def test_a_function_is_asked_with_a_token_and_one_that_lets_nobody_in_is_named_with_the_way_that_works(
    command: Cloud,
) -> None:
    command.web.answers[SYNC] = lambda method, path, body: (404, {})  # Cloud Run to who comes from outside
    done = command.run("-m", "cli", "sync", "shop")
    assert done.returncode == 1
    assert f"https://{SYNC} lets nobody in from here: 404" in done.stderr
    assert "gcloud scheduler jobs run sync-NAME" in done.stderr
    asked = next(each for each in command.web.asked if each.host == SYNC)
    assert claims(asked.authorization)["aud"] == f"https://{SYNC}"
    assert asked.body == b'{"connection":"shop"}'


def test_a_person_without_an_identity_is_told_how_to_borrow_one(command: Cloud) -> None:
    command.variables |= {"GCE_METADATA_IP": "127.0.0.1:1", "GCE_METADATA_HOST": "127.0.0.1:1"}
    command.variables |= {"GCE_METADATA_TIMEOUT": "1", "GCE_METADATA_DETECT_RETRIES": "1"}
    done = command.run("-m", "cli", "query", "SELECT 42")
    assert done.returncode == 1
    assert f"no identity token for https://{CACHE}" in done.stderr
    assert "--impersonate-service-account" in done.stderr


def test_a_metadata_server_that_fails_for_a_moment_is_no_verdict(cloud: Cloud) -> None:
    cloud.metadata.broken = True
    found = cloud.do(
        "from biaac.errors import TransientError; from biaac.identity import authorization\n"
        "try: authorization('https://cache.example')\n"
        "except TransientError as error: print(error.message.partition(':')[0])"
    )
    assert found == "no identity token for https"


def test_a_token_that_is_about_to_end_is_not_sent_again(cloud: Cloud) -> None:
    cloud.metadata.identity_seconds = 60  # less than the libraries' margin
    cloud.do("from biaac.identity import authorization\nfor _ in range(3): authorization('https://cache.example')")
    assert cloud.metadata.asked[ACCOUNT_PATH + "identity"] == 3


def test_a_person_borrows_the_identity_of_an_account_as_the_message_says(command: Cloud, tmp_path: Path) -> None:
    """What ``gcloud auth application-default login --impersonate-service-account`` leaves behind."""
    host, account = "iamcredentials.googleapis.com", f"projects/-/serviceAccounts/{ACCOUNT}"
    credentials = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": f"https://{host}/v1/{account}:generateAccessToken",
        "source_credentials": {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"},
        "delegates": [],
    }
    file = tmp_path / "application_default_credentials.json"
    file.write_text(json.dumps(credentials))
    command.variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(file)
    for each in (host, "oauth2.googleapis.com"):
        command.internet.serve(each, command.web.port, protocol="http/1.1")
    of_person = {"access_token": "ya29.of-a-person", "expires_in": 3599, "token_type": "Bearer"}
    command.web.answers["oauth2.googleapis.com"] = lambda method, path, body: (200, of_person)
    command.web.answers[host] = lambda method, path, body: (200, {"token": identity_token(f"https://{CACHE}")})
    asked = command.run("-m", "cli", "query", "SELECT 42", "--format", "csv")
    assert asked.stdout.splitlines() == ['"answer"', "42"], asked.stderr
    (signed,) = (each for each in command.web.asked if each.path.endswith(":generateIdToken"))
    assert signed.authorization == "Bearer ya29.of-a-person"
    assert json.loads(signed.body)["audience"] == f"https://{CACHE}"
    assert {claims(each.authorization)["aud"] for each in command.cache.asked} == {f"https://{CACHE}"}
    assert not command.metadata.asked


def test_a_secret_is_stored_in_secret_manager_and_a_placeholder_is_not_a_value(command: Cloud, tmp_path: Path) -> None:
    shop = tmp_path / "connections/shop.yaml"
    shop.parent.mkdir()
    text = (ROOT / "tests/company/connections/shop.yaml").read_text()
    shop.write_text(text.replace("config: {", "config: {key: '${secret:SHOP_KEY}', more: '${secret:SHOP_MORE}', ", 1))
    versions = {"SHOP_KEY": 1}

    def manager(method: str, path: str, body: bytes) -> tuple[int, Any]:
        assert path.startswith("/v1/projects/acme-analytics/secrets/"), path
        name = path.split("/")[5].partition(":")[0]
        if name not in versions:
            return 404, {}
        if method == "POST":
            assert json.loads(body) == {"payload": {"data": "czNjcmV0"}}  # base64 of s3cret
            versions[name] += 1
        return 200, {"name": f"projects/1/secrets/{name}/versions/{versions[name]}"}

    command.web.answers["secretmanager.googleapis.com"] = manager
    command.internet.serve("secretmanager.googleapis.com", command.web.port, protocol="http/1.1")
    command.variables["COMPANY_DIR"] = str(tmp_path)
    assert "SHOP_KEY, SHOP_MORE not set" in command.run("-m", "cli", "secrets", "check").stderr
    stored = command.run("-m", "cli", "secrets", "set", "SHOP_KEY", typed="s3cret\n")
    assert (stored.stdout, stored.stderr) == ("SHOP_KEY is set\n", "")
    assert "connection shop: SHOP_MORE not set" in command.run("-m", "cli", "secrets", "check").stderr
    refused = command.run("-m", "cli", "secrets", "set", "SHOP_MORE", typed="x")
    assert "secret SHOP_MORE does not exist in project acme-analytics" in refused.stderr
    assert command.all_by_the_workload(each for each in command.web.asked if "/secrets/" in each.path)
