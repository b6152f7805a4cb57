output "airbyte_url" {
  description = "Root of the public API."
  value       = "${google_cloud_run_v2_service.main.uri}/api/public/v1"
}

output "service_account" {
  description = "Who the service is."
  value = {
    email  = google_service_account.main.email
    member = google_service_account.main.member
    name   = google_service_account.main.name
  }
}
