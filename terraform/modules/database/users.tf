# The password lives in Secret Manager and nowhere else: made in memory, written by write-only arguments, never in the
# state. The user comes first and its secret last, so that a run that dies between leaves no secret for a password that
# was never set. To change it: raise password_version.
ephemeral "random_password" "user" {
  length  = 40
  special = false # it is part of a URL
}

resource "google_sql_user" "main" {
  project             = var.project_id
  instance            = google_sql_database_instance.main.name
  name                = "superset"
  password_wo         = ephemeral.random_password.user.result
  password_wo_version = var.password_version
  deletion_policy     = "ABANDON" # it owns tables; both go with the instance
}

resource "google_secret_manager_secret" "main" {
  project             = var.project_id
  secret_id           = "superset-database-url"
  deletion_protection = false # useless without its database

  replication {
    auto {
      dynamic "customer_managed_encryption" {
        for_each = var.kms_key[*]
        content { kms_key_name = customer_managed_encryption.value }
      }
    }
  }
}

resource "google_secret_manager_secret_version" "main" {
  secret                 = google_secret_manager_secret.main.id
  secret_data_wo         = "postgresql+psycopg2://superset:${ephemeral.random_password.user.result}@/superset?host=${local.socket}"
  secret_data_wo_version = var.password_version

  depends_on = [google_sql_user.main]
}
