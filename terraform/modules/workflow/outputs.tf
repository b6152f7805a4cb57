output "name" {
  description = "Name of the workflow."
  value       = google_workflows_workflow.main.name
}

output "service_account" {
  description = "Who the workflow is: id, email and member."
  value = {
    email  = google_service_account.main.email
    member = google_service_account.main.member
    name   = google_service_account.main.name
  }
}
