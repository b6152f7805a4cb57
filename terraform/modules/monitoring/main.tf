# What is watched, and how a person hears of it. Each alert is one condition, because conditions are what Cloud
# Monitoring charges for (docs/cost.md), and has a page of its own name in docs/runbooks/.

locals {
  # Logs are matched as they are, not by metrics made from them: a policy on a metric that the same apply makes is
  # refused for up to ten minutes (hashicorp/terraform-provider-google#11102). The lines are written by
  # functions/freshness.py (one for each connection at each sweep, so these alerts last as long as their cause),
  # transform/job.py and cache_service/; tests/operations/test_alerts.py holds both sides together.
  connection_line = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.watched.sweep}\"",
    "jsonPayload.message=\"connection looked at\"",
  ])
  run_line = join(" AND ", [
    "resource.type=\"cloud_run_job\"",
    "resource.labels.job_name=\"${var.watched.transform}\"",
    "jsonPayload.message=\"run decided\"",
  ])
  cache_error_line = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.watched.cache}\"",
    "severity>=ERROR",
  ])

  channels = [for channel in google_monitoring_notification_channel.operator : channel.id]

  log_alerts = {
    cache-error = {
      summary  = "The cache service met an error of its own, was refused memory or did not start. Dashboards may show errors."
      severity = "ERROR"
      filter   = local.cache_error_line
      labels   = {}
    }
    data-stale = {
      summary  = "What readers see of a connection is older than its file allows (freshness.fail_after)."
      severity = "ERROR"
      filter   = "${local.connection_line} AND jsonPayload.freshness=\"stale\""
      labels   = { connection = "EXTRACT(jsonPayload.connection)" }
    }
    release-rejected = {
      summary  = "A blocking audit failed or a model could not be built. Readers keep the last good release."
      severity = "ERROR"
      filter   = "${local.run_line} AND jsonPayload.outcome=\"rejected\""
      labels   = { run = "EXTRACT(jsonPayload.execution)" }
    }
    sync-failed = {
      summary  = "The newest sync of a connection failed, after its own attempts. Its data stays as it was."
      severity = "WARNING"
      filter   = "${local.connection_line} AND jsonPayload.newest_sync=\"failed\""
      labels   = { connection = "EXTRACT(jsonPayload.connection)" }
    }
  }

  metric_alerts = {
    event-undelivered = {
      summary     = "A finalize event of the Bronze bucket has waited longer than any sync takes: no workflow may have started for it."
      severity    = "WARNING"
      metric      = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
      filter      = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${var.watched.event_subscription}\""
      aligner     = "ALIGN_MAX"
      group_by    = []
      window_s    = 300
      more_than   = var.longest_sync_s + 3600 # the event that watches a sync is redelivered until its end; Eventarc waits up to 600 s between two deliveries
      auto_close  = "1800s"
      group_alert = "REDUCE_MAX"
    }
    job-failed = {
      summary     = "A job of the refresh failed three times within an hour: not a lost lock or a restart, which the workflow's own retries mend."
      severity    = "WARNING"
      metric      = "run.googleapis.com/job/completed_execution_count"
      filter      = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=one_of(\"${var.watched.transform}\", \"${var.watched.superset_refresh}\") AND metric.labels.result=\"failed\""
      aligner     = "ALIGN_DELTA"
      group_by    = ["resource.labels.job_name"]
      window_s    = 3600
      more_than   = 2 # of the nine times that workflows/refresh.workflows.yaml starts a job before it gives up
      auto_close  = "3600s"
      group_alert = "REDUCE_SUM"
    }
    run-failed = {
      summary     = "A refresh ended as failed: what the last sync brought is not on the dashboards. A rejected release ends its run so, too."
      severity    = "ERROR"
      metric      = "workflows.googleapis.com/finished_execution_count"
      filter      = "resource.type=\"workflows.googleapis.com/Workflow\" AND resource.labels.workflow_id=\"${var.watched.workflow}\" AND metric.labels.status=\"FAILED\""
      aligner     = "ALIGN_DELTA"
      group_by    = []
      window_s    = 600
      more_than   = 0
      auto_close  = "3600s"
      group_alert = "REDUCE_SUM"
    }
    superset-error = {
      summary     = "Superset answered with server errors. Some charts or pages do not show."
      severity    = "ERROR"
      metric      = "run.googleapis.com/request_count"
      filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.watched.superset}\" AND metric.labels.response_code_class=\"5xx\""
      aligner     = "ALIGN_DELTA"
      group_by    = []
      window_s    = 600
      more_than   = 4 # one dashboard's charts fail together; a single failure is a click away from being tried again
      auto_close  = "1800s"
      group_alert = "REDUCE_SUM"
    }
  }
}

resource "google_monitoring_notification_channel" "operator" {
  for_each = toset(var.operators)

  project      = var.project_id
  display_name = "Operator ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  user_labels  = var.labels
}

resource "google_monitoring_alert_policy" "log" {
  for_each = local.log_alerts

  project               = var.project_id
  display_name          = each.key
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = each.key

    condition_matched_log {
      filter           = each.value.filter
      label_extractors = each.value.labels
    }
  }

  alert_strategy {
    # Twice the time between two sweeps, and never under the half hour that Monitoring asks for: then no line came.
    auto_close = "${max(1800, 2 * 60 * var.sweep_minutes)}s"

    notification_rate_limit {
      period = "3600s" # the sweep repeats the line while its cause lasts; a mail an hour is enough
    }
  }

  documentation {
    content   = "${each.value.summary}\n\nWhat to do: ${var.runbooks_url}/${each.key}.md"
    mime_type = "text/markdown"

    links {
      display_name = "Runbook"
      url          = "${var.runbooks_url}/${each.key}.md"
    }
  }
}

resource "google_monitoring_alert_policy" "metric" {
  for_each = local.metric_alerts

  project               = var.project_id
  display_name          = each.key
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = "metric.type=\"${each.value.metric}\" AND ${each.value.filter}"
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.more_than
      duration        = "0s"

      aggregations {
        alignment_period     = "${each.value.window_s}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.group_alert
        group_by_fields      = each.value.group_by
      }
    }
  }

  alert_strategy {
    auto_close = each.value.auto_close
  }

  documentation {
    content   = "${each.value.summary}\n\nWhat to do: ${var.runbooks_url}/${each.key}.md"
    mime_type = "text/markdown"

    links {
      display_name = "Runbook"
      url          = "${var.runbooks_url}/${each.key}.md"
    }
  }
}

# Who watches the watcher: without a sweep that ends well, data-stale and sync-failed say nothing.
resource "google_monitoring_alert_policy" "sweep_silent" {
  project               = var.project_id
  display_name          = "sweep-silent"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = "sweep-silent"

    condition_absent {
      filter   = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.watched.sweep}\" AND metric.labels.response_code_class=\"2xx\""
      duration = "${4 * 60 * var.sweep_minutes}s" # one sweep may fail and be retried; four have not happened by chance

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "1800s"
  }

  documentation {
    content   = "No sweep has ended well for four turns: stale data, failed syncs and lost events go unnoticed.\n\nWhat to do: ${var.runbooks_url}/sweep-silent.md"
    mime_type = "text/markdown"

    links {
      display_name = "Runbook"
      url          = "${var.runbooks_url}/sweep-silent.md"
    }
  }
}
