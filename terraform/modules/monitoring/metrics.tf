# For the dashboard only: history of what the logs tell. Alerts match the lines themselves (main.tf).

resource "google_logging_metric" "cache_error" {
  project     = var.project_id
  name        = "biaac/cache_error"
  description = "Errors of the cache service."
  filter      = local.cache_error_line

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "data_age" {
  project         = var.project_id
  name            = "biaac/data_age"
  description     = "Age of what readers see of a connection: since the end of the newest sync in the current release."
  filter          = local.connection_line
  value_extractor = "EXTRACT(jsonPayload.age_s)"

  label_extractors = {
    connection = "EXTRACT(jsonPayload.connection)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"

    labels {
      key         = "connection"
      value_type  = "STRING"
      description = "Name of the connection's file."
    }
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 40 # from a minute to a month in steps of 30 %
      growth_factor      = 1.3
      scale              = 60
    }
  }
}

resource "google_logging_metric" "run" {
  project     = var.project_id
  name        = "biaac/run"
  description = "What transforms decided."
  filter      = local.run_line

  label_extractors = {
    outcome = "EXTRACT(jsonPayload.outcome)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key         = "outcome"
      value_type  = "STRING"
      description = "published, nothing_new or rejected."
    }
  }
}

# One page for "is it well?": the file is the dashboard as the console's JSON editor shows it, names left open.
resource "google_monitoring_dashboard" "main" {
  project = var.project_id

  dashboard_json = templatefile("${path.module}/dashboard.json.tftpl", merge(var.watched, {
    cache_error_metric = google_logging_metric.cache_error.name
    data_age_metric    = google_logging_metric.data_age.name
    run_metric         = google_logging_metric.run.name
  }))
}
