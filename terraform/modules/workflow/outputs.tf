output "name" {
  description = "Name of the workflow."
  value       = google_workflows_workflow.main.name
}

output "service_account" {
  description = "Who the workflow is: email, member and name."
  value       = google_service_account.main
}
