output "connection_name" {
  description = "project:region:instance, as Cloud Run's connector wants it."
  value       = google_sql_database_instance.main.connection_name
}

output "secrets" {
  description = "Names of the secrets, once those who need them may read them: lake (password) and superset (URL)."
  value       = { for key, secret in google_secret_manager_secret.main : key => secret.secret_id }

  depends_on = [
    google_secret_manager_secret_iam_member.lake,
    google_secret_manager_secret_iam_member.superset,
    google_secret_manager_secret_version.main,
  ]
}

output "socket" {
  description = "Directory of the connector's socket: the host of a Postgres address."
  value       = local.socket
}
