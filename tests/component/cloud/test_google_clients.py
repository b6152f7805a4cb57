"""Google's clients with the cloud's settings: real host names, TLS, the workload's own access token."""

from google.cloud import run_v2
from google.longrunning.operations_pb2 import Operation
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.timestamp_pb2 import Timestamp

from tests.component.cloud.conftest import Cloud

PARENT = "projects/acme-analytics/locations/europe-west1"
EXECUTION = f"{PARENT}/jobs/ingest-shop/executions/ingest-shop-abcde"


def test_storage_is_asked_over_https_as_the_workload(cloud: Cloud) -> None:
    cloud.web.answers["storage.googleapis.com"] = lambda method, path, body: (404, {"error": {"code": 404}})
    found = cloud.do(
        "from biaac import objects; from biaac.clients import storage_client; from biaac.settings import Settings\n"
        "settings = Settings.load(); client = storage_client(settings)\n"
        "print(client.project, objects.read(client.bucket(settings.lake_bucket), 'releases/prod/current').value)"
    )
    assert found == "acme-analytics None"
    assert set(cloud.internet.asked) == {"storage.googleapis.com:443"}
    name = "/storage/v1/b/acme-analytics-lake/o/releases%2Fprod%2Fcurrent"
    assert any(asked.path.startswith(name) for asked in cloud.web.asked)
    assert cloud.all_by_the_workload(cloud.web.asked)


def test_a_sync_is_started_and_asked_after_by_the_run_api(cloud: Cloud) -> None:
    started = AnyMessage()
    started.Pack(run_v2.Execution.pb(run_v2.Execution(name=EXECUTION)))
    over = run_v2.Execution(name=EXECUTION, completion_time=Timestamp(seconds=1))
    cloud.google.answers = {
        "/google.cloud.run.v2.Jobs/RunJob": Operation(name="operations/1", metadata=started).SerializeToString(),
        "/google.cloud.run.v2.Executions/GetExecution": run_v2.Execution.serialize(over),
    }
    found = cloud.do(
        "from biaac import cloud_run, connections; from biaac.settings import Settings\n"
        "settings = Settings.load()\n"
        "name = cloud_run.start(settings, connections.sync_job('shop'), ['--job', '7'])\n"
        "print(name, cloud_run.is_over(settings, name))"
    )
    assert found == f"{EXECUTION} True"
    assert set(cloud.internet.asked) == {"run.googleapis.com:443"}
    request = run_v2.RunJobRequest.deserialize(cloud.google.asked[0].body)
    assert request.name == f"{PARENT}/jobs/ingest-shop"
    assert list(request.overrides.container_overrides[0].args) == ["--job", "7"]
    assert cloud.all_by_the_workload(cloud.google.asked)
