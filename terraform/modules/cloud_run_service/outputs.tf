output "name" {
  description = "Name of the service."
  value       = google_cloud_run_v2_service.main.name
}

output "service_account" {
  description = "Who the service is: email, member and name."
  value       = google_service_account.main
}

output "uri" {
  description = "Its address, once those who call it may: also the audience of their tokens."
  value       = google_cloud_run_v2_service.main.uri

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
