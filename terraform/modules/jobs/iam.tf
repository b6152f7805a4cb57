locals {
  executors = merge([
    for name, job in var.jobs : { for workload, member in job.executors : "${name}/${workload}" => { job = name, member = member } }
  ]...)
  watchers = merge([
    for name, job in var.jobs : { for workload, member in job.watchers : "${name}/${workload}" => { job = name, member = member } }
  ]...)
}

# Start with arguments, and cancel. roles/run.invoker starts a job only as it stands.
# https://cloud.google.com/iam/docs/roles-permissions/run#run.jobsExecutorWithOverrides
resource "google_cloud_run_v2_job_iam_member" "executor" {
  for_each = local.executors

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.main[each.value.job].name
  role     = "roles/run.jobsExecutorWithOverrides"
  member   = each.value.member
}

# Ask whether an execution has ended: that is what ownership of a lock or of a sync hangs on.
resource "google_cloud_run_v2_job_iam_member" "watcher" {
  for_each = local.watchers

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.main[each.value.job].name
  role     = "roles/run.viewer"
  member   = each.value.member
}
