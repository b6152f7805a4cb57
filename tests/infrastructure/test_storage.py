"""Buckets, secrets, images: what is kept, for how long, and what protects it."""

from typing import Any

from tests.infrastructure.deployment import PROJECT, REGION, Deployment, Values

DAY_S = 24 * 3600
BUCKETS = ("bronze", "lake", "logs", "ops", "source")


def buckets(cloud: Deployment) -> dict[str, Values]:
    """Every bucket by its name without the project."""
    return {name.removeprefix(f"{PROJECT}-"): one for name, one in cloud.named("google_storage_bucket").items()}


def test_there_are_these_buckets(cloud: Deployment) -> None:
    assert set(buckets(cloud)) == set(BUCKETS)


def test_every_bucket_is_private_uniform_versioned_and_deletes_softly(cloud: Deployment) -> None:
    found = {
        name: (
            one["location"],
            one["storage_class"],
            one["public_access_prevention"],
            one["uniform_bucket_level_access"],
            one["versioning"][0]["enabled"],
            one["soft_delete_policy"][0]["retention_duration_seconds"],
            one["force_destroy"],
        )
        for name, one in buckets(cloud).items()
    }
    assert found == dict.fromkeys(BUCKETS, (REGION, "STANDARD", "enforced", True, True, 7 * DAY_S, False))


def test_access_to_every_other_bucket_is_logged(cloud: Deployment) -> None:
    found = {
        name: [(log["log_bucket"], log["log_object_prefix"]) for log in one["logging"]]
        for name, one in buckets(cloud).items()
    }
    assert found == {name: [] if name == "logs" else [(f"{PROJECT}-logs", name)] for name in BUCKETS}


def rules(bucket: Values) -> list[tuple[str, dict[str, Any]]]:
    """(action, what is said of the condition) of each lifecycle rule."""
    found = []
    for rule in bucket["lifecycle_rule"]:
        action, condition = rule["action"][0], rule["condition"][0]
        said = {
            key: value
            for key, value in condition.items()
            if value not in (None, [], "", 0, False) and not key.startswith("send_")
        }
        found.append((action["type"] + (f" {action['storage_class']}" if action["storage_class"] else ""), said))
    return sorted(found, key=str)


def test_every_buckets_old_versions_end_and_nothing_current_does_but_marks_and_logs(cloud: Deployment) -> None:
    upload: tuple[str, dict[str, Any]] = ("AbortIncompleteMultipartUpload", {"age": 7})

    def old(days: int) -> tuple[str, dict[str, Any]]:
        return ("Delete", {"with_state": "ARCHIVED", "days_since_noncurrent_time": days})

    expected: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "bronze": [upload, old(30), ("SetStorageClass NEARLINE", {"age": 30, "matches_storage_class": ["STANDARD"]})],
        "lake": [upload, old(7)],
        "ops": [upload, ("Delete", {"age": 90, "matches_prefix": ["watches/"]}), old(30)],
        "source": [upload, old(30)],
        "logs": [("Delete", {"age": 90}), old(7)],
    }
    found = {name: rules(one) for name, one in buckets(cloud).items()}
    assert found == {name: sorted(ones, key=str) for name, ones in expected.items()}


def test_a_key_of_the_companys_own_encrypts_everything_that_is_kept(cloud: Deployment) -> None:
    key = cloud.variables.get("kms_key")
    found = {
        one["encryption"][0]["default_kms_key_name"] if one["encryption"] else None for one in buckets(cloud).values()
    }
    for secret in cloud.named("google_secret_manager_secret").values():
        managed = secret["replication"][0]["auto"][0]["customer_managed_encryption"]
        found.add(managed[0]["kms_key_name"] if managed else None)
    found |= {one["kms_key_name"] for one in cloud.named("google_artifact_registry_repository").values()}
    found |= {one["encryption_key_name"] for one in cloud.named("google_sql_database_instance").values()}
    found |= {one["kms_key_name"] for one in cloud.named("google_cloudfunctions2_function").values()}
    found |= {one["crypto_key_name"] for one in cloud.named("google_workflows_workflow").values()}
    found |= {one["template"][0]["encryption_key"] for one in cloud.named("google_cloud_run_v2_service").values()}
    for job in cloud.named("google_cloud_run_v2_job").values():
        found.add(job["template"][0]["template"][0]["encryption_key"])
    assert found == {key}


def test_no_secret_is_in_the_plan(cloud: Deployment) -> None:
    for one in cloud.all("google_secret_manager_secret_version"):
        assert one.values["secret_data"] is None, one.address
        assert one.values["secret_data_wo_version"], one.address
    for one in cloud.all("google_sql_user"):
        assert one.values["password"] is None, one.address
        assert one.values["password_wo_version"], one.address


def test_images_are_kept_long_enough_to_go_back_to(cloud: Deployment) -> None:
    repositories = cloud.named("google_artifact_registry_repository")
    assert set(repositories) == {"functions", "images"}
    for one in repositories.values():
        assert one["format"] == "DOCKER"
        assert not one["cleanup_policy_dry_run"], "old images cost money until they go"
        assert [scan["enablement_config"] for scan in one["vulnerability_scanning_config"]] == ["INHERITED"]
        policies = {policy["action"]: policy for policy in one["cleanup_policies"]}
        assert set(policies) == {"KEEP", "DELETE"}
        assert policies["KEEP"]["most_recent_versions"][0]["keep_count"] == 5
        assert not policies["KEEP"]["condition"]
        assert policies["DELETE"]["condition"][0]["older_than"] == f"{30 * DAY_S}s"


def test_what_bears_labels_says_whose_it_is(cloud: Deployment) -> None:
    labelled = {
        one.address: one.values["effective_labels"] for one in cloud.resources if "effective_labels" in one.values
    }
    asked = {"app": "biaac", "environment": "prod", "managed_by": "terraform", **cloud.variables.get("labels", {})}
    assert labelled
    missing = {address: labels for address, labels in labelled.items() if not (labels or {}).items() >= asked.items()}
    assert missing == {}
