"""What is kept: buckets, secrets, labels."""

import re
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
from checkov.terraform.checks.resource.base_resource_value_check import BaseResourceValueCheck

Conf = dict[str, list[Any]]

SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE_KEY|API_KEY|DATABASE_URL|CREDENTIALS")
LABELS = {"app", "environment", "managed_by"}


class BucketByIamAlone(BaseResourceValueCheck):
    """Access lists on objects would open one of them where no review sees it."""

    def __init__(self) -> None:
        super().__init__(
            "A bucket has uniform access: no access lists on objects",
            "CKV_BIAAC_40",
            [CheckCategories.GENERAL_SECURITY],
            ["google_storage_bucket"],
        )

    def get_inspected_key(self) -> str:
        """Uniform access."""
        return "uniform_bucket_level_access"


class BucketNeverPublic(BaseResourceValueCheck):
    """Enforced here, so that no later grant can open it."""

    def __init__(self) -> None:
        super().__init__(
            "A bucket enforces public access prevention",
            "CKV_BIAAC_41",
            [CheckCategories.GENERAL_SECURITY],
            ["google_storage_bucket"],
        )

    def get_inspected_key(self) -> str:
        """Public access prevention."""
        return "public_access_prevention"

    def get_expected_value(self) -> Any:
        """Not left to what is above."""
        return "enforced"


class BucketVersioned(BaseResourceValueCheck):
    """What was overwritten or deleted by mistake can be had back."""

    def __init__(self) -> None:
        super().__init__(
            "A bucket keeps versions",
            "CKV_BIAAC_42",
            [CheckCategories.BACKUP_AND_RECOVERY],
            ["google_storage_bucket"],
        )

    def get_inspected_key(self) -> str:
        """Versioning."""
        return "versioning/[0]/enabled"


class BucketDeletesSoftly(BaseResourceCheck):
    """Even versions deleted by mistake can be had back, for a week."""

    def __init__(self) -> None:
        super().__init__(
            "A bucket keeps what was deleted for 7 days or more, and says so",
            "CKV_BIAAC_43",
            [CheckCategories.BACKUP_AND_RECOVERY],
            ["google_storage_bucket"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """At least a week."""
        policy = conf.get("soft_delete_policy") or [{}]
        seconds = (policy[0] or {}).get("retention_duration_seconds", [0])
        kept = seconds[0] if isinstance(seconds, list) else seconds
        return CheckResult.PASSED if int(kept or 0) >= 7 * 24 * 3600 else CheckResult.FAILED


class BucketForgets(BaseResourceCheck):
    """Versions that nobody deletes are paid for forever."""

    def __init__(self) -> None:
        super().__init__(
            "A bucket's old versions end by a lifecycle rule",
            "CKV_BIAAC_44",
            [CheckCategories.GENERAL_SECURITY],
            ["google_storage_bucket"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """A Delete rule for archived versions."""
        text = str(conf.get("lifecycle_rule"))
        return CheckResult.PASSED if "Delete" in text and "ARCHIVED" in text else CheckResult.FAILED


class SecretNotInState(BaseResourceCheck):
    """The state is a file that many may read."""

    def __init__(self) -> None:
        super().__init__(
            "A secret's value is a write-only argument",
            "CKV_BIAAC_45",
            [CheckCategories.SECRETS],
            ["google_secret_manager_secret_version", "google_sql_user"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse the arguments that the state keeps."""
        kept = [name for name in ("secret_data", "password") if conf.get(name, [None])[0]]
        return CheckResult.FAILED if kept else CheckResult.PASSED


class SecretReadOneByOne(BaseResourceCheck):
    """On the project, the role reads every secret there will ever be."""

    def __init__(self) -> None:
        super().__init__(
            "Access to secrets is granted on the secret, not on the project",
            "CKV_BIAAC_46",
            [CheckCategories.SECRETS],
            ["google_project_iam_member"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse the role that reads values."""
        reads = str(conf["role"][0]) == "roles/secretmanager.secretAccessor"
        return CheckResult.FAILED if reads else CheckResult.PASSED


class SecretNotInEnvironment(BaseResourceCheck):
    """A plain variable is in the state, in the console and in every revision."""

    def __init__(self) -> None:
        super().__init__(
            "A variable with a secret's name takes its value from Secret Manager",
            "CKV_BIAAC_47",
            [CheckCategories.SECRETS],
            ["google_cloud_run_v2_service", "google_cloud_run_v2_job", "google_cloudfunctions2_function"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Refuse plain values under such names."""
        return CheckResult.FAILED if any(SECRET_NAME.search(name) for name in plain(conf)) else CheckResult.PASSED


def plain(conf: Any) -> list[str]:
    """The names of variables given as plain values, wherever they stand."""
    if isinstance(conf, list):
        return [name for one in conf for name in plain(one)]
    if not isinstance(conf, dict):
        return []
    found: list[str] = []
    for key, value in conf.items():
        if key == "env":
            found += [str(one["name"]) for one in flat(value) if any(flat(one.get("value")))]
        elif key == "environment_variables":
            found += [str(name) for one in flat(value) if isinstance(one, dict) for name in one]
        else:
            found += plain(value)
    return [name.strip("[]'") for name in found]


def flat(value: Any) -> list[Any]:
    """A value out of the lists that checkov wraps around it."""
    if not isinstance(value, list):
        return [value]
    return [inner for one in value for inner in flat(one)]


class ImageByDigest(BaseResourceCheck):
    """A tag can be moved; a digest is what was tested."""

    def __init__(self) -> None:
        super().__init__(
            "An image is named by its digest",
            "CKV_BIAAC_48",
            [CheckCategories.SUPPLY_CHAIN],
            ["google_cloud_run_v2_service", "google_cloud_run_v2_job"],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """Every container's."""
        images = re.findall(r"'image': \[?'([^']*)'", str(conf))
        pinned = [re.search(r"@sha256:[0-9a-f]{64}$", image) for image in images]
        return CheckResult.PASSED if images and all(pinned) else CheckResult.FAILED


class Labelled(BaseResourceCheck):
    """Cost and cleaning up are by label."""

    def __init__(self) -> None:
        super().__init__(
            f"What can bear labels bears {', '.join(sorted(LABELS))}",
            "CKV_BIAAC_49",
            [CheckCategories.CONVENTION],
            [
                "google_artifact_registry_repository",
                "google_cloud_run_v2_job",
                "google_cloud_run_v2_service",
                "google_cloudfunctions2_function",
                "google_secret_manager_secret",
                "google_storage_bucket",
                "google_workflows_workflow",
            ],
        )

    def scan_resource_conf(self, conf: Conf) -> CheckResult:
        """The provider's default labels and its own, together."""
        labels = conf.get("effective_labels", [{}])[0] or {}
        return CheckResult.PASSED if set(labels) >= LABELS else CheckResult.FAILED


checks = [
    BucketByIamAlone(),
    BucketNeverPublic(),
    BucketVersioned(),
    BucketDeletesSoftly(),
    BucketForgets(),
    SecretNotInState(),
    SecretReadOneByOne(),
    SecretNotInEnvironment(),
    ImageByDigest(),
    Labelled(),
]
