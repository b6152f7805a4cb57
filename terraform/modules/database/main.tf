# Cloud SQL for Postgres, `biaac`: Superset's own tables and nothing else. It has a public address that lets nobody in but
# Cloud Run's own connector (a client certificate is required, no network is authorized), and nobody there logs in by a
# password: each workload is a user by its service account, and its token is what it shows (superset/database_login.py).
resource "google_sql_database_instance" "main" {
  #checkov:skip=CKV_GCP_60:reached by Cloud Run's connector alone: no authorized network, client certificates required
  project             = var.project_id
  name                = "biaac" # cannot be used again for about a week after it was deleted
  region              = var.region
  database_version    = "POSTGRES_18"
  deletion_protection = var.deletion_protection # Terraform refuses; the setting below makes Cloud SQL refuse, too

  settings {
    tier                        = var.size.tier
    edition                     = "ENTERPRISE" # Postgres 16 and later default to ENTERPRISE_PLUS, which has no small tiers
    availability_type           = var.size.availability_type
    disk_type                   = "PD_SSD"
    disk_size                   = var.size.disk_size_gb
    disk_autoresize             = true
    disk_autoresize_limit       = 50 # Superset's own tables: more is a fault
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = true

    ip_configuration {
      ipv4_enabled   = true
      ssl_mode       = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" # the connector brings it, for whom IAM lets connect
      server_ca_mode = "GOOGLE_MANAGED_INTERNAL_CA"          # the one that connector knows
    }

    backup_configuration {
      enabled                        = true
      start_time                     = "02:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = var.size.retained_backups
        retention_unit   = "COUNT"
      }
    }

    maintenance_window {
      day          = 7
      hour         = 3
      update_track = "stable"
    }

    insights_config { query_insights_enabled = true }

    dynamic "database_flags" {
      for_each = local.flags
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }
}

locals {
  # CIS benchmark for Postgres on Google Cloud, sections 6.2 and 6.3, as checkov asks for it.
  flags = {
    "cloudsql.enable_pgaudit"     = "on"
    "cloudsql.iam_authentication" = "on"
    "log_checkpoints"             = "on"
    "log_connections"             = "on"
    "log_disconnections"          = "on"
    "log_duration"                = "on"
    "log_hostname"                = "on"
    "log_lock_waits"              = "on"
    "log_min_duration_statement"  = "-1" # statements hold data
    "log_min_error_statement"     = "error"
    "log_min_messages"            = "error"
    "log_statement"               = "ddl"
    "log_temp_files"              = "0"
  }

  name = "superset"
}

# A destroy takes it before it asks the instance, which then refuses: it goes with the instance and no sooner.
resource "google_sql_database" "main" {
  project         = var.project_id
  instance        = google_sql_database_instance.main.name
  name            = local.name
  deletion_policy = "ABANDON"
}

# A new instance makes the role of IAM's users some seconds after it says that it is ready; before that a user is refused.
resource "time_sleep" "instance" {
  create_duration = "60s"
  triggers        = { instance = google_sql_database_instance.main.name }
}

resource "google_sql_user" "main" {
  for_each = var.users

  project         = var.project_id
  instance        = time_sleep.instance.triggers["instance"]
  name            = trimsuffix(each.value.email, ".gserviceaccount.com") # Postgres allows 63 characters
  type            = "CLOUD_IAM_SERVICE_ACCOUNT"
  database_roles  = ["cloudsqlsuperuser"] # owns the database: the service and its jobs share their tables through it
  deletion_policy = "ABANDON"             # it owns tables; both go with the instance
}

# client: open the connector's tunnel, to this instance only. instanceUser: log in; this is the project's only instance.
resource "google_project_iam_member" "client" {
  for_each = var.users

  project = var.project_id
  role    = "roles/cloudsql.client"
  member  = each.value.member

  condition {
    title      = "instance-biaac"
    expression = "resource.service == \"sqladmin.googleapis.com\" && resource.name == \"projects/${var.project_id}/instances/${google_sql_database_instance.main.name}\""
  }
}

resource "google_project_iam_member" "login" {
  for_each = var.users

  project = var.project_id
  role    = "roles/cloudsql.instanceUser"
  member  = each.value.member
}
