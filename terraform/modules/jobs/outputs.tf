output "names" {
  description = "Job -> its name, once those who start it may."
  value       = { for name, job in google_cloud_run_v2_job.main : name => job.name }

  depends_on = [google_cloud_run_v2_job_iam_member.executor, google_cloud_run_v2_job_iam_member.watcher]
}

output "service_accounts" {
  description = "Workload -> who it is: email, member and name."
  value       = google_service_account.main
}
