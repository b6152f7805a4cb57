"""Laptop = cloud: what the code reads is what Terraform gives, name by name; a rename on either side fails here."""

import json
import re
from base64 import b64decode
from typing import get_args

import pytest
from pydantic import SecretStr

import ingestion.api
from biaac.settings import ROOT
from cli.connections import PREFIX
from laptop.functions import ENTRY_POINTS
from laptop.plan import Laptop
from tests.infrastructure import inventory, variants, workloads
from tests.infrastructure.deployment import Deployment
from tests.infrastructure.inventory import AIRBYTE, COMMAND, WORKLOADS, Workload, faults

CREDENTIALS = {"AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET"}
LAPTOP = Laptop(18080, 8088, None)
PORT = 8080  # of every container


def given(cloud: Deployment) -> dict[str, dict[str, str | None]]:
    """Workload -> variable -> value; None for what comes from Secret Manager."""
    return {
        name: {**one.variables, **dict.fromkeys(one.secrets)} for name, one in by_name(workloads.all_of(cloud)).items()
    }


def by_name(named: dict[str, workloads.Workload]) -> dict[str, workloads.Workload]:
    """By the name in the cloud alone, as the code knows them: ``cache`` for ``service cache``."""
    return {name.partition(" ")[2]: one for name, one in named.items()}


def workload(name: str, cloud: Deployment) -> tuple[Workload, set[str]]:
    """A workload by its name in the cloud, and what it has to be given there."""
    if name in WORKLOADS:
        declared = WORKLOADS[name]
        theirs = CREDENTIALS if cloud.variables.get("airbyte", "job") != "job" else set()
        calls_airbyte = any(issubclass(kind, AIRBYTE) for kind in declared.settings)
        return declared, set(declared.needed | (theirs if calls_airbyte else set()))
    connection = name.removeprefix("ingest-").replace("-", "_")
    return WORKLOADS["ingestion"], {*WORKLOADS["ingestion"].needed, *variants.SECRETS[connection]}


@pytest.mark.parametrize("room", ["functions", "transform", "cache_service", "ingestion", "superset", "cli"])
def test_what_a_room_loads_is_what_the_inventory_lists(room: str) -> None:
    listed = [COMMAND] if room == "cli" else [each for each in WORKLOADS.values() if each.room == room]
    known = {base.__name__ for each in listed for kind in each.settings for base in kind.__mro__}
    assert inventory.loaded_by(room) <= known


def test_every_workload_is_given_exactly_what_it_reads(cloud: Deployment) -> None:
    differences = {name: faults(workload(name, cloud)[1], set(values)) for name, values in given(cloud).items()}
    assert {name: fault for name, fault in differences.items() if fault} == {}


def test_every_workload_of_the_code_is_deployed(cloud: Deployment) -> None:
    ours = cloud.variables.get("airbyte", "job") == "job"
    jobs = {f"ingest-{name.replace('_', '-')}" for name in variants.SECRETS} if ours else set()
    assert set(given(cloud)) == {name for name in WORKLOADS if ours or name != "ingestion"} | jobs


def test_a_secret_comes_from_secret_manager_and_nothing_else_does(cloud: Deployment) -> None:
    for name, values in given(cloud).items():
        declared, needed = workload(name, cloud)
        secret = {
            str(field.alias)
            for kind in declared.settings
            for field in kind.model_fields.values()
            if SecretStr in (field.annotation, *get_args(field.annotation))
        }
        secret |= {"AIRBYTE_CLIENT_ID"}  # comes with a secret
        secret |= needed - declared.needed - CREDENTIALS  # what a connection file calls a secret
        assert {each for each, value in values.items() if value is None} == secret & set(values), name


def test_the_command_is_told_everything_it_reads(cloud: Deployment) -> None:
    assert faults(COMMAND.needed, set(cloud.outputs["environment"])) == []


def test_the_workflow_is_given_what_it_asks_for_and_finds_its_jobs_and_functions(cloud: Deployment) -> None:
    workflow = cloud.one("google_workflows_workflow", "refresh")
    addresses = {name: function["service_config"][0]["uri"] for name, function in workloads.functions(cloud).items()}
    assert faults(inventory.workflow_variables(), set(workflow["user_env_vars"])) == []
    assert workflow["user_env_vars"]["WARM_CACHE_URL"] == addresses["warm-cache"]
    assert workflow["user_env_vars"]["PROMOTE_URL"] == addresses["promote"]
    assert inventory.workflow_jobs() <= set(workloads.jobs(cloud))
    assert workflow["source_contents"] == inventory.workflow()
    assert workflow["region"] == cloud.variables["region"]
    for name, values in given(cloud).items():
        assert values.get("WORKFLOW", workflow["name"]) == workflow["name"], name
    assert cloud.outputs["environment"]["WORKFLOW"] == workflow["name"]


def test_every_entry_point_is_a_function_and_has_the_laptops_name(cloud: Deployment) -> None:
    declared = re.findall(r"@functions_framework\.\w+\n@answers_errors\ndef (\w+)", _text("functions/main.py"))
    assert sorted(declared) == sorted(ENTRY_POINTS)
    deployed = {name: values["build_config"][0]["entry_point"] for name, values in workloads.functions(cloud).items()}
    assert deployed == {name.replace("_", "-"): name for name in ENTRY_POINTS}


def test_every_job_runs_the_laptops_command_for_as_long(cloud: Deployment) -> None:
    on_laptop = LAPTOP.jobs()
    jobs = by_name(workloads.all_of(cloud))
    for name, values in workloads.jobs(cloud).items():
        command = jobs[name].container["command"]
        assert command[0] == "python"
        if name in on_laptop:
            expected: list[str] = on_laptop[name]["command"]  # type: ignore[assignment]
            assert command[1:] == expected[1:], name
            timeout = values["template"][0]["template"][0]["timeout"]
            assert timeout == f"{on_laptop[name]['timeout_s']}s", name
        elif name == "superset-bootstrap":  # the laptop's supervisor starts it before Superset
            assert command[1:] == ["superset/bootstrap.py"]
        else:
            connection = name.removeprefix("ingest-").replace("-", "_")
            assert command[1:] == ["-m", "ingestion.sync", "--connection", connection]
    ours = {name for name in on_laptop if not name.startswith("ingest-")}
    assert ours <= set(workloads.jobs(cloud))


def test_buckets_are_those_that_the_code_is_told(cloud: Deployment) -> None:
    buckets = set(cloud.named("google_storage_bucket"))
    project = cloud.variables["project_id"]
    for name, values in {**given(cloud), "the command": cloud.outputs["environment"]}.items():
        for bucket in ("bronze", "lake", "ops"):
            assert values[f"{bucket.upper()}_BUCKET"] == f"{project}-{bucket}", name
    assert {f"{project}-{bucket}" for bucket in ("bronze", "lake", "ops")} <= buckets


def test_addresses_are_of_the_form_that_the_clients_take(cloud: Deployment) -> None:
    services = {name: values["uri"] for name, values in workloads.services(cloud).items()}
    cache = services["cache"].replace("https://", "grpc+tls://") + ":443"
    for name, values in {**given(cloud), "the command": cloud.outputs["environment"]}.items():
        assert values.get("CACHE_URL", cache) == cache, name
        if "ingestion" in services:
            ours = services["ingestion"] + ingestion.api.PREFIX
            assert values.get("AIRBYTE_URL", ours) == ours, name
        elif "AIRBYTE_URL" in values:
            assert re.fullmatch(r"https://[^/]+(/.*)?/v1", str(values["AIRBYTE_URL"])), name


def test_the_schedules_call_the_functions_they_are_meant_for(cloud: Deployment) -> None:
    functions = {name: values["service_config"][0]["uri"] for name, values in workloads.functions(cloud).items()}
    environment = cloud.outputs["environment"]
    assert (environment["SYNC_URL"], environment["SWEEP_URL"]) == (functions["sync"], functions["sweep"])
    schedules = cloud.named("google_cloud_scheduler_job")
    assert set(schedules) == {"sweep", *(f"{PREFIX}{name}" for name in variants.CRONS)}
    for name, schedule in schedules.items():
        target, uri = schedule["http_target"][0], functions[name.partition("-")[0]]
        assert (target["uri"], target["oidc_token"][0]["audience"], target["http_method"]) == (uri, uri, "POST"), name
        assert target["oidc_token"][0]["service_account_email"].startswith("biaac-"), name
        assert schedule["retry_config"][0]["retry_count"] >= 1, f"{name}: one bad minute, and nobody asks again"
        allowed = workloads.functions(cloud)[name.partition("-")[0]]["service_config"][0]["timeout_seconds"]
        assert int(schedule["attempt_deadline"].removesuffix("s")) >= allowed, name
        assert schedule["paused"] is False


def test_a_connections_schedule_and_job_are_as_its_file_says(cloud: Deployment) -> None:
    for name, (cron, time_zone) in variants.CRONS.items():
        schedule = cloud.one("google_cloud_scheduler_job", f"{PREFIX}{name}")
        assert (schedule["schedule"], schedule["time_zone"], schedule["description"]) == (
            cron,
            time_zone,
            f"Of {name}.",
        )
        assert json.loads(b64decode(schedule["http_target"][0]["body"])) == {"connection": name}
        assert schedule["retry_config"][0]["retry_count"] >= 3
    jobs = {name: job["template"][0]["template"][0] for name, job in workloads.jobs(cloud).items()}
    private = {
        name: job["vpc_access"][0]["network_interfaces"][0]["subnetwork"]
        for name, job in jobs.items()
        if job["vpc_access"]
    }
    said = cloud.variables.get("connections", {})
    assert private == ({"ingest-web-shop": variants.SUBNETWORK} if said else {})
    if said:
        assert (jobs["ingest-web-shop"]["timeout"], jobs["ingest-grocery"]["timeout"]) == ("7200s", "3600s")


def test_finalized_bronze_objects_reach_the_function_that_waits_for_them(cloud: Deployment) -> None:
    (trigger,) = (resource.values for resource in cloud.all("google_eventarc_trigger"))
    expected = {each["attribute"]: each["value"] for each in trigger["matching_criteria"]}
    bucket = f"{cloud.variables['project_id']}-bronze"
    assert expected == {"type": "google.cloud.storage.object.v1.finalized", "bucket": bucket}
    assert trigger["destination"][0]["cloud_run_service"][0]["service"] == "bronze-finalized"
    eventarc = next(service for service in LAPTOP.services() if service.name == "eventarc")
    assert eventarc.command[-1] == f"bucket=bronze,url={LAPTOP.function('bronze_finalized')}"


def test_containers_listen_where_cloud_run_asks_and_answer_the_laptops_health_path(cloud: Deployment) -> None:
    health = {service.name: service.health for service in LAPTOP.services()}
    on_laptop = {"cache": None, "ingestion": health["airbyte"], "superset": health["superset"]}
    entry_points = re.findall(r"^ENTRYPOINT (.*)$", _text("Dockerfile"), re.MULTILINE)
    listening = [line for line in entry_points if "--bind" in line or "--port" in line]
    assert [re.findall(r"\d{4,5}", line) for line in listening] == [[str(PORT)]] * len(on_laptop)
    services = by_name(workloads.all_of(cloud))
    for name in workloads.services(cloud):
        container = services[name].container
        assert container["ports"][0]["container_port"] == PORT
        probed = container["startup_probe"][0]["http_get"]
        assert (probed[0]["path"] if probed else None) == on_laptop[name]
    assert given(cloud)["superset"]["SUPERSET_PORT"] == str(PORT)


def _text(path: str) -> str:
    return (ROOT / path).read_text()
