# Passwords live in Secret Manager and nowhere else: made in memory, written by write-only arguments, never in the
# state. A user comes first and its secret last, so that a run that dies between leaves no secret for a password that
# was never set. To change both: raise password_version.
ephemeral "random_password" "user" {
  for_each = local.secrets

  length  = 40
  special = false # it is part of a URL
}

locals {
  secrets = {
    lake     = "lake-database-password"
    superset = "superset-database-url"
  }
}

resource "google_sql_user" "main" {
  for_each = local.secrets

  project             = var.project_id
  instance            = google_sql_database_instance.main.name
  name                = each.key
  password_wo         = ephemeral.random_password.user[each.key].result
  password_wo_version = var.password_version
  deletion_policy     = "ABANDON" # it owns tables; both go with the instance
}

resource "google_secret_manager_secret" "main" {
  for_each = local.secrets

  project             = var.project_id
  secret_id           = each.value
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
  for_each = local.secrets

  secret = google_secret_manager_secret.main[each.key].id
  secret_data_wo = {
    lake     = ephemeral.random_password.user["lake"].result
    superset = "postgresql+psycopg2://superset:${ephemeral.random_password.user["superset"].result}@/superset?host=${local.socket}"
  }[each.key]
  secret_data_wo_version = var.password_version

  depends_on = [google_sql_user.main]
}
