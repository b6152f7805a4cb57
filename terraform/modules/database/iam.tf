# Who may open the connector's tunnel, to this instance only.
resource "google_project_iam_member" "client" {
  for_each = var.clients

  project = var.project_id
  role    = "roles/cloudsql.client"
  member  = each.value

  condition {
    title      = "instance-biaac"
    expression = "resource.service == \"sqladmin.googleapis.com\" && resource.name == \"projects/${var.project_id}/instances/${google_sql_database_instance.main.name}\""
  }
}

resource "google_secret_manager_secret_iam_member" "superset" {
  for_each = var.superset_users

  project   = var.project_id
  secret_id = google_secret_manager_secret.main.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}
