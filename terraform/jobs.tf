# Every Cloud Run job, with the names and commands that laptop/plan.py gives them on a laptop.

locals {
  superset_job = {
    account     = "superset-jobs"
    cpu         = "1"
    database    = module.database.connection_name
    environment = merge(local.superset_environment, { SUPERSET_DATABASE_URL = module.database.urls["superset-jobs"] })
    image       = local.images.superset
    memory      = "2Gi"
    secrets     = local.superset_secrets
  }

  jobs = {
    transform = {
      account         = "transform"
      command         = ["python", "-m", "transform.job"]
      cpu             = local.profile.transform.cpu
      memory          = local.profile.transform.memory
      image           = local.images.transform
      timeout_seconds = 21600
      environment = {
        AIRBYTE_URL = local.airbyte_url
        REVISION    = var.revision
      }
      secrets   = local.airbyte_secrets
      executors = { workflow = module.workflow.service_account.member }
      watchers  = { transform = module.jobs.service_accounts["transform"].member } # whether the owner of the lock lives
    }
    superset-bootstrap = merge(local.superset_job, {
      command         = ["python", "superset/bootstrap.py"]
      timeout_seconds = 1800 # migrations of a new Superset
      secrets         = merge(local.superset_secrets, { SUPERSET_ADMIN_PASSWORD = module.secrets.names["superset-admin-password"] })
    })
    superset-apply = merge(local.superset_job, {
      command         = ["python", "superset/apply.py"]
      timeout_seconds = 900
    })
    superset-refresh = merge(local.superset_job, {
      command         = ["python", "superset/refresh.py"]
      timeout_seconds = 900
      executors       = { workflow = module.workflow.service_account.member }
    })
  }
}

module "jobs" {
  source = "./modules/jobs"

  project_id  = local.project_id
  region      = var.region
  accounts    = setunion(["superset-jobs", "transform"], keys(local.connections))
  jobs        = merge(local.jobs, local.ingest_jobs)
  environment = local.environment
}
