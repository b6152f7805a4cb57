# Every Cloud Run job, from the table of terraform/jobs.tf: one task, never tried again by Cloud Run, its whole command, its
# variables and secrets, who may start it and who may look at its executions.
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
          for_each = each.value.database[*]
          content {
            name       = "cloudsql"
            mount_path = "/cloudsql"
          }
        }
      }

      dynamic "volumes" {
        for_each = each.value.database[*]
        content {
          name = "cloudsql"
          cloud_sql_instance { instances = [volumes.value] }
        }
      }

      dynamic "vpc_access" {
        for_each = each.value.subnetwork[*]
        content {
          egress = "PRIVATE_RANGES_ONLY" # the source; Google's own services are reached as from anywhere
          network_interfaces { subnetwork = vpc_access.value }
        }
      }
    }
  }
}

locals {
  executors = merge([
    for name, job in var.jobs : { for workload, member in job.executors : "${name}/${workload}" => { job = name, member = member } }
  ]...)
  watchers = merge([
    for name, job in var.jobs : { for workload, member in job.watchers : "${name}/${workload}" => { job = name, member = member } }
  ]...)
}

# Start with arguments, and cancel. roles/run.invoker starts a job only as it stands.
# https://cloud.google.com/iam/docs/roles-permissions/run#run.jobsExecutorWithOverrides
resource "google_cloud_run_v2_job_iam_member" "executor" {
  for_each = local.executors

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.main[each.value.job].name
  role     = "roles/run.jobsExecutorWithOverrides"
  member   = each.value.member
}

# Ask whether an execution has ended: that is what ownership of a lock or of a sync hangs on.
resource "google_cloud_run_v2_job_iam_member" "watcher" {
  for_each = local.watchers

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_job.main[each.value.job].name
  role     = "roles/run.viewer"
  member   = each.value.member
}
