output "name" {
  description = "Name of the service."
  value       = google_cloud_run_v2_service.main.name
}

output "service_account" {
  description = "Who the service is."
  value = {
    email  = google_service_account.main.email
    member = google_service_account.main.member
    name   = google_service_account.main.name
  }
}

output "url" {
  description = "Its address as Flight clients want it."
  value       = "${replace(google_cloud_run_v2_service.main.uri, "https://", "grpc+tls://")}:443"
}
