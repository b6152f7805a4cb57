# What Cloud Scheduler calls and when: the sweep, and the sync of each connection. Every field is said, pause included, so
# that a change by hand shows in the next plan.
locals {
  schedules = merge(
    {
      sweep = {
        function    = "sweep"
        description = "Starts what events missed and what died undecided."
        cron        = "*/${var.sweep_minutes} * * * *"
        time_zone   = "Etc/UTC"
        body        = {}
        deadline_s  = 300 # as long as the function may take
        retries     = 1   # the next sweep is the real second attempt
      }
    },
    {
      for name, connection in var.connections : "sync-${name}" => {
        function    = "sync"
        description = connection.description
        cron        = connection.cron
        time_zone   = connection.time_zone
        body        = { connection = name }
        deadline_s  = 180 # longer than the function may take
        retries     = 5   # the default is none: one bad minute would be a day without data
      }
    },
  )
}

resource "google_service_account" "scheduler" {
  project      = var.project_id
  account_id   = "biaac-scheduler"
  display_name = "Cloud Scheduler: calls sync and sweep"
}

resource "google_cloud_scheduler_job" "main" {
  for_each = local.schedules

  project          = var.project_id
  name             = each.key
  region           = var.region
  description      = each.value.description
  schedule         = each.value.cron
  time_zone        = each.value.time_zone
  attempt_deadline = "${each.value.deadline_s}s"
  paused           = false

  retry_config { # 30, 60, 120, 240, 300 s: a start that fails while something is cold or just granted is made again
    retry_count          = each.value.retries
    min_backoff_duration = "30s"
    max_backoff_duration = "300s"
    max_doublings        = 4
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.main[each.value.function].service_config[0].uri
    body        = base64encode(jsonencode(each.value.body))
    headers     = { "Content-Type" = "application/json" }

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      # The run.app address: an internal function is reached at no other.
      audience = google_cloudfunctions2_function.main[each.value.function].service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.caller]
}
