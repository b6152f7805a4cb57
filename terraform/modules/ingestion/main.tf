# Airbyte's public API in front of the sync jobs: our own server, with airbyte = "job" only.
resource "google_service_account" "main" {
  project      = var.project_id
  account_id   = "biaac-ingestion"
  display_name = "Service ingestion: starts and watches sync jobs"
}

resource "google_cloud_run_v2_service" "main" {
  project              = var.project_id
  name                 = "ingestion"
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invoker_iam_disabled = false
  deletion_protection  = false # it holds nothing, and goes when another Airbyte is chosen

  template {
    service_account                  = google_service_account.main.email
    timeout                          = "60s" # a call starts or looks; the sync itself is a job
    max_instance_request_concurrency = 8     # threads of its server
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key                   = var.kms_key

    scaling {
      min_instance_count = 0
      max_instance_count = 2
    }

    containers {
      image = var.image

      ports { container_port = 8080 }

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      startup_probe {
        period_seconds    = 2
        failure_threshold = 30
        http_get { path = "/api/public/v1/health" }
      }

      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = var.invokers

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.main.name
  role     = "roles/run.invoker"
  member   = each.value
}
