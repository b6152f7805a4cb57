resource "google_service_account" "main" {
  project      = var.project_id
  account_id   = "biaac-cache"
  display_name = "Service cache: serves published releases"
}

resource "google_cloud_run_v2_service" "main" {
  project              = var.project_id
  name                 = "cache"
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invoker_iam_disabled = false
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = google_service_account.main.email
    timeout                          = "300s" # warming a release; a query ends at 45 s
    max_instance_request_concurrency = 40     # queries wait for a worker inside, and are told so
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key                   = var.kms_key

    scaling {
      min_instance_count = var.size.min_instances
      max_instance_count = var.size.max_instances
    }

    containers {
      image = var.image

      ports {
        name           = "h2c" # gRPC
        container_port = 8080
      }

      resources {
        limits            = { cpu = tostring(var.size.cpu), memory = "${var.size.memory_mib}Mi" }
        cpu_idle          = true # it works inside requests only
        startup_cpu_boost = true
      }

      startup_probe { # Arrow's Flight server knows no gRPC health checks; it listens when it is ready
        period_seconds    = 2
        failure_threshold = 30
        tcp_socket { port = 8080 }
      }

      dynamic "env" {
        for_each = merge(var.environment, {
          CACHE_DISK_MIB   = tostring(var.size.disk_mib)
          CACHE_HOST       = "0.0.0.0"
          CACHE_RESULT_MIB = tostring(var.size.result_mib)
          CACHE_WORKERS    = tostring(var.size.workers)
          CACHE_WORKER_MIB = tostring(var.size.worker_mib)
        })
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
