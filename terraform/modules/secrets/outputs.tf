output "names" {
  description = "Name -> secret id, once it has a value and those who need it may read it."
  value       = { for name, secret in google_secret_manager_secret.main : name => secret.secret_id }

  depends_on = [
    google_secret_manager_secret_version.first,
    time_sleep.readers,
  ]
}
