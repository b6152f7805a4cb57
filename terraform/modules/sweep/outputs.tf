output "name" {
  description = "Name of the schedule."
  value       = google_cloud_scheduler_job.main.name
}

output "service_account" {
  description = "Who Cloud Scheduler is."
  value = {
    email  = google_service_account.scheduler.email
    member = google_service_account.scheduler.member
    name   = google_service_account.scheduler.name
  }
}
