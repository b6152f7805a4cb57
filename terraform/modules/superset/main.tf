resource "google_service_account" "main" {
  project      = var.project_id
  account_id   = "biaac-superset"
  display_name = "Service superset: shows dashboards"
}

# Open to the internet at its run.app address, but for whom Identity-Aware Proxy lets through: no load balancer.
# https://cloud.google.com/run/docs/securing/identity-aware-proxy-cloud-run
resource "google_cloud_run_v2_service" "main" {
  project              = var.project_id
  name                 = "superset"
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_ALL"
  iap_enabled          = true
  invoker_iam_disabled = false
  deletion_protection  = var.deletion_protection

  template {
    service_account                  = google_service_account.main.email
    timeout                          = "120s" # Superset gives a query up at 60 s
    max_instance_request_concurrency = 16     # eight threads answer; a browser asks for six charts at once
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    encryption_key                   = var.kms_key

    scaling {
      min_instance_count = var.size.min_instances
      max_instance_count = var.size.max_instances
    }

    containers {
      image = var.image

      ports { container_port = 8080 }

      resources {
        limits            = { cpu = tostring(var.size.cpu), memory = "${var.size.memory_mib}Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      startup_probe { # Superset imports for tens of seconds
        period_seconds    = 5
        failure_threshold = 36
        timeout_seconds   = 4
        http_get { path = "/health" }
      }

      dynamic "env" {
        for_each = merge(var.environment, { SUPERSET_PORT = "8080" })
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

      volume_mounts {
        name       = "cloudsql"
        mount_path = "/cloudsql"
      }
    }

    volumes {
      name = "cloudsql"
      cloud_sql_instance { instances = [var.database] }
    }

    # The cache is internal and the database private: everything goes through the network, and nothing to the internet.
    vpc_access {
      egress = "ALL_TRAFFIC"
      network_interfaces {
        network    = var.subnetwork.network
        subnetwork = var.subnetwork.subnetwork
      }
    }
  }
}
