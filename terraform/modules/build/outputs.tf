output "service_accounts" {
  description = "build (deploys) and build-check (plans pull requests): email, member and name."
  value       = google_service_account.main
}
