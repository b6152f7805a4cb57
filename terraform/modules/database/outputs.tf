output "connection_name" {
  description = "project:region:instance, as Cloud Run's connector wants it; once its users may log in."
  value       = google_sql_database_instance.main.connection_name

  depends_on = [google_project_iam_member.client, google_project_iam_member.login, google_sql_user.main]
}

output "urls" {
  description = "Workload -> SQLAlchemy address of the database, without a password. https://cloud.google.com/sql/docs/postgres/connect-run"
  value = {
    for workload, user in google_sql_user.main : workload =>
    "postgresql+psycopg2://${urlencode(user.name)}@/${local.name}?host=/cloudsql/${google_sql_database_instance.main.connection_name}"
  }
}
