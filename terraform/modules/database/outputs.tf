output "connection_name" {
  description = "project:region:instance, as Cloud Run's connector wants it."
  value       = google_sql_database_instance.main.connection_name
}

output "secret" {
  description = "Name of the secret with the address of Superset's database, once those who need it may read it."
  value       = google_secret_manager_secret.main.secret_id

  depends_on = [
    google_secret_manager_secret_iam_member.superset,
    google_secret_manager_secret_version.main,
  ]
}
