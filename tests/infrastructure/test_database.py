"""The database's own settings: what is kept, when it is touched, what it logs, and who holds its passwords."""

from tests.infrastructure import order
from tests.infrastructure.deployment import Deployment, Values

# CIS benchmark for Postgres on Google Cloud, sections 6.2 and 6.3
FLAGS = {
    "cloudsql.enable_pgaudit": "on",
    "cloudsql.iam_authentication": "on",
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_duration": "on",
    "log_hostname": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "-1",  # never the statement: it holds data
    "log_min_error_statement": "error",
    "log_min_messages": "error",
    "log_statement": "ddl",
    "log_temp_files": "0",  # each of them
}


def settings(cloud: Deployment) -> Values:
    """The instance's settings."""
    (found,) = cloud.one("google_sql_database_instance", "biaac")["settings"]
    return dict(found)


def test_the_database_is_this_postgres_on_these_disks(cloud: Deployment) -> None:
    instance, found = cloud.one("google_sql_database_instance", "biaac"), settings(cloud)
    assert instance["database_version"] == "POSTGRES_18"  # the version of a laptop's
    assert (found["disk_type"], found["disk_autoresize_limit"]) == ("PD_SSD", 50)
    (address,) = found["ip_configuration"]
    assert address["server_ca_mode"] == "GOOGLE_MANAGED_INTERNAL_CA", "the one that Cloud Run's connector knows"


def test_backups_go_back_as_far_as_the_profile_says(cloud: Deployment) -> None:
    found = settings(cloud)
    (backup,) = found["backup_configuration"]
    (kept,) = backup["backup_retention_settings"]
    assert (kept["retained_backups"], kept["retention_unit"]) == ({"small": 7, "team": 30}[cloud.profile], "COUNT")
    assert backup["transaction_log_retention_days"] == 7, "any second of the last week; more costs another edition"
    assert backup["start_time"] == "02:00", "at night, an hour before the maintenance window"
    assert found["retain_backups_on_delete"] is True


def test_maintenance_comes_on_sunday_nights_and_is_tried_elsewhere_first(cloud: Deployment) -> None:
    (window,) = settings(cloud)["maintenance_window"]
    assert (window["day"], window["hour"], window["update_track"]) == (7, 3, "stable")


def test_the_database_logs_who_came_and_what_was_changed_but_no_data(cloud: Deployment) -> None:
    found = settings(cloud)
    assert {one["name"]: one["value"] for one in found["database_flags"]} == FLAGS
    assert [one["query_insights_enabled"] for one in found["insights_config"]] == [True]


def test_a_users_password_and_its_secret_are_the_same_random_value(cloud: Deployment) -> None:
    user = order.resource(cloud, "database", "google_sql_user.main")["expressions"]
    assert user["password_wo"]["references"] == ["ephemeral.random_password.user", "each.key"]
    secret = order.resource(cloud, "database", "google_secret_manager_secret_version.main")["expressions"]
    assert set(secret["secret_data_wo"]["references"]) == {
        "ephemeral.random_password.user",
        'ephemeral.random_password.user["lake"]',
        'ephemeral.random_password.user["lake"].result',
        'ephemeral.random_password.user["superset"]',
        'ephemeral.random_password.user["superset"].result',
        "local.socket",
        "each.key",
    }
    # raised together, or a user has another password than its secret
    assert user["password_wo_version"] == secret["secret_data_wo_version"] == {"references": ["var.password_version"]}
