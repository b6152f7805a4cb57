resource "google_sql_database_instance" "main" {
  project             = var.project_id
  name                = "biaac"
  region              = var.region
  database_version    = "POSTGRES_18"
  encryption_key_name = var.kms_key
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
      ipv4_enabled    = false
      private_network = var.network
      # Only the connector of Cloud Run gets in: it brings the certificate, and proves the workload's identity for it.
      ssl_mode       = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
      server_ca_mode = "GOOGLE_MANAGED_INTERNAL_CA" # the one that connector knows
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

  # Cloud Run puts the connector's socket here. https://cloud.google.com/sql/docs/postgres/connect-run
  socket = "/cloudsql/${google_sql_database_instance.main.connection_name}"
}

# A destroy takes it before it asks the instance, which then refuses: it goes with the instance and no sooner.
resource "google_sql_database" "main" {
  project         = var.project_id
  instance        = google_sql_database_instance.main.name
  name            = "superset"
  deletion_policy = "ABANDON"
}
