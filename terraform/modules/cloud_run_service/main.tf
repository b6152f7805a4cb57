# One Cloud Run service and who may call it: cache, ingestion and Superset. Each has an address that anybody can reach, and
# Cloud Run itself turns away whoever brings no identity token made for that address (its audience) by an account with
# roles/run.invoker. People come through Identity-Aware Proxy, where `iap` says whom it lets through.
resource "google_service_account" "main" {
  project      = var.project_id
  account_id   = "biaac-${var.name}"
  display_name = "Service ${var.name}: ${var.description}"
}

resource "google_cloud_run_v2_service" "main" {
  project              = var.project_id
  name                 = var.name
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_ALL"
  iap_enabled          = var.iap != null
  invoker_iam_disabled = false
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = google_service_account.main.email
    timeout                          = "${var.timeout_seconds}s"
    max_instance_request_concurrency = var.concurrency
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = var.size.min_instances
      max_instance_count = var.size.max_instances
    }

    containers {
      image = var.image

      ports {
        name           = var.protocol
        container_port = 8080
      }

      resources {
        limits            = { cpu = tostring(var.size.cpu), memory = "${var.size.memory_mib}Mi" }
        cpu_idle          = true # it works inside requests only
        startup_cpu_boost = true
      }

      startup_probe {
        period_seconds    = 5
        failure_threshold = ceil(var.startup_seconds / 5)
        timeout_seconds   = 4

        dynamic "http_get" {
          for_each = var.health_path[*]
          content { path = http_get.value }
        }
        dynamic "tcp_socket" { # it listens when it is ready
          for_each = var.health_path == null ? [8080] : []
          content { port = tcp_socket.value }
        }
      }

      dynamic "env" {
        for_each = var.environment
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = var.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
        }
      }

      dynamic "volume_mounts" {
        for_each = var.database[*]
        content {
          name       = "cloudsql"
          mount_path = "/cloudsql"
        }
      }
    }

    dynamic "volumes" {
      for_each = var.database[*]
      content {
        name = "cloudsql"
        cloud_sql_instance { instances = [volumes.value] }
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

# Identity-Aware Proxy calls the service in the name of whom it let through; no load balancer.
# https://cloud.google.com/run/docs/securing/identity-aware-proxy-cloud-run
resource "google_iap_web_cloud_run_service_iam_member" "viewer" {
  for_each = toset(var.iap == null ? [] : var.iap.viewers)

  project                = var.project_id
  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.main.name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.key
}
