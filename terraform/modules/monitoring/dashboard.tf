# One page for "is it well?": the file is the dashboard as the console's JSON editor shows it, names left open.

resource "google_monitoring_dashboard" "main" {
  project = var.project_id

  dashboard_json = templatefile("${path.module}/dashboard.json.tftpl", merge(var.watched, {
    cache_error_metric = google_logging_metric.cache_error.name
    data_age_metric    = google_logging_metric.data_age.name
    run_metric         = google_logging_metric.run.name
  }))
}
