# The five entry points of functions/main.py, each a Cloud Run function (2nd generation) with an account of its own, at zero
# at rest. Scheduler, Eventarc and Workflows of the same project count as internal traffic, at the run.app address only.
locals {
  # One source, five deployments. caller: who may call it. asks_airbyte: it is given what Airbyte asks of a client.
  functions = {
    bronze-finalized = {
      entry_point     = "bronze_finalized"
      caller          = google_service_account.eventarc.member
      asks_airbyte    = true
      timeout_seconds = 120 # it watches a running sync for 60 s inside its request
      concurrency     = 16  # most events only look at a mark; a slow sync must not hold them up
      max_instances   = 4
      environment     = { AIRBYTE_URL = var.airbyte_url, WORKFLOW = var.workflow }
    }
    promote = {
      entry_point     = "promote"
      caller          = var.workflow_member
      asks_airbyte    = false
      timeout_seconds = 60
      concurrency     = 1
      max_instances   = 1
      environment     = {}
    }
    sweep = {
      entry_point     = "sweep"
      caller          = google_service_account.scheduler.member
      asks_airbyte    = true
      timeout_seconds = 300 # one look at Airbyte per connection, in turn
      concurrency     = 1
      max_instances   = 1
      environment     = { AIRBYTE_URL = var.airbyte_url, WORKFLOW = var.workflow }
    }
    sync = {
      entry_point     = "sync"
      caller          = google_service_account.scheduler.member
      asks_airbyte    = true
      timeout_seconds = 120
      concurrency     = 4
      max_instances   = 2
      environment     = { AIRBYTE_URL = var.airbyte_url }
    }
    warm-cache = {
      entry_point     = "warm_cache"
      caller          = var.workflow_member
      asks_airbyte    = false
      timeout_seconds = 300 # what the workflow allows this step
      concurrency     = 1
      max_instances   = 1
      environment     = { CACHE_URL = var.cache_url }
    }
  }
}

resource "google_service_account" "main" {
  # Names alone: the table above knows members that are made from these accounts.
  for_each = toset(["bronze-finalized", "promote", "sweep", "sync", "warm-cache"])

  project      = var.project_id
  account_id   = "biaac-${each.key}"
  display_name = "Function ${each.key}"
}

# The name is the content's: a changed source is a new object, and so a new deployment.
resource "google_storage_bucket_object" "source" {
  bucket = var.source_bucket
  name   = "functions/${filesha256(var.source_file)}.zip"
  source = var.source_file
}

resource "google_cloudfunctions2_function" "main" {
  for_each = local.functions

  project     = var.project_id
  name        = each.key
  location    = var.region
  description = "Entry point ${each.value.entry_point} of functions/main.py."

  build_config {
    runtime           = "python311" # as pyproject.toml requires
    entry_point       = each.value.entry_point
    service_account   = google_service_account.builder.id
    docker_repository = var.docker_repository

    source {
      storage_source {
        bucket = google_storage_bucket_object.source.bucket
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.main[each.key].email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_memory                 = "512Mi"
    available_cpu                    = "1" # more than one request at a time takes a whole one
    timeout_seconds                  = each.value.timeout_seconds
    min_instance_count               = 0
    max_instance_count               = each.value.max_instances
    max_instance_request_concurrency = each.value.concurrency
    environment_variables            = merge(var.environment, each.value.environment)

    dynamic "secret_environment_variables" {
      for_each = each.value.asks_airbyte ? var.airbyte_secrets : {}
      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  depends_on = [time_sleep.grants]
}
