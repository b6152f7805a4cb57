output "service_account" {
  description = "Who Cloud Scheduler is."
  value = {
    email  = google_service_account.scheduler.email
    member = google_service_account.scheduler.member
    name   = google_service_account.scheduler.name
  }
}
