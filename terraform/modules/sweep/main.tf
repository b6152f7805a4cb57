# Who Cloud Scheduler is, here and in the schedules of syncs that `biaac connections apply` makes.
resource "google_service_account" "scheduler" {
  project      = var.project_id
  account_id   = "biaac-scheduler"
  display_name = "Cloud Scheduler: calls sync and sweep"
}

resource "google_cloud_scheduler_job" "main" {
  project          = var.project_id
  name             = "sweep"
  region           = var.region
  description      = "Starts what events missed and what died undecided."
  schedule         = var.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "300s" # as long as the function may take
  paused           = false  # a schedule paused by hand shows as drift

  retry_config {
    retry_count          = 1 # the next sweep is the real second attempt
    min_backoff_duration = "30s"
    max_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = var.url
    body        = base64encode("{}")
    headers     = { "Content-Type" = "application/json" }

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = var.url # the run.app address: an internal function is reached at no other
    }
  }
}
