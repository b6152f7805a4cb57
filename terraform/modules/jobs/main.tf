resource "google_service_account" "main" {
  for_each = var.accounts

  project      = var.project_id
  account_id   = length("biaac-${each.key}") <= 30 ? "biaac-${each.key}" : "biaac-${substr(each.key, 0, 17)}-${substr(sha256(each.key), 0, 6)}"
  display_name = "Job ${each.key}"
}

resource "google_cloud_run_v2_job" "main" {
  for_each = var.jobs

  project             = var.project_id
  name                = each.key
  location            = var.region
  deletion_protection = false # it holds nothing, and goes with its connection

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account       = google_service_account.main[each.value.account].email
      timeout               = "${each.value.timeout_seconds}s"
      max_retries           = 0 # the workflow, or the next attempt of a sync, is the one place that tries again
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      encryption_key        = var.kms_key

      containers {
        image   = each.value.image
        command = each.value.command # whole: the arguments of one execution replace args
        args    = []

        resources {
          limits = { cpu = each.value.cpu, memory = each.value.memory }
        }

        dynamic "env" {
          for_each = merge(var.environment, each.value.environment)
          content {
            name  = env.key
            value = env.value
          }
        }
        dynamic "env" {
          for_each = each.value.secrets
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
          for_each = each.value.uses_database ? [1] : []
          content {
            name       = "cloudsql"
            mount_path = "/cloudsql"
          }
        }
      }

      # The connector takes an instance's private address when it has no public one, and reaches it through the network
      # (GoogleCloudPlatform/cloud-sql-proxy#848).
      dynamic "volumes" {
        for_each = each.value.uses_database ? [1] : []
        content {
          name = "cloudsql"
          cloud_sql_instance { instances = [var.database] }
        }
      }

      dynamic "vpc_access" {
        for_each = each.value.egress[*]
        content {
          egress = vpc_access.value
          network_interfaces {
            network    = var.subnetwork.network
            subnetwork = var.subnetwork.subnetwork
          }
        }
      }
    }
  }
}
