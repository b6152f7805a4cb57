# Every Cloud Run job, with the names and commands that laptop/plan.py gives them on a laptop.

locals {
  superset_job = {
    account       = "superset-jobs"
    cpu           = "1"
    egress        = "ALL_TRAFFIC" # the internal cache, the private database
    environment   = { CACHE_URL = module.cache.url, SUPERSET_URL = local.superset_url }
    image         = local.images.superset
    memory        = "2Gi"
    secrets       = local.superset_secrets
    uses_database = true
  }

  jobs = {
    transform = {
      account = "transform"
      command = ["python", "-m", "transform.job"]
      cpu     = local.profile.transform.cpu
      memory  = local.profile.transform.memory
      image   = local.images.transform
      # Our own ingestion is internal, another Airbyte is on the internet.
      egress          = local.airbyte_is_internal ? "ALL_TRAFFIC" : null
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

  ingest_jobs = {
    for job, connection in local.connections : job => {
      account         = job
      command         = ["python", "-m", "ingestion.sync", "--connection", connection.name]
      cpu             = connection.cpu
      memory          = connection.memory
      image           = connection.image
      egress          = null # sources are on the internet, and there is no NAT
      timeout_seconds = connection.timeout_seconds
      environment     = {}
      secrets         = { for name in connection.secrets : name => module.secrets.names[name] }
      executors       = { for service in module.ingestion : "ingestion" => service.service_account.member }
      watchers = merge( # whether another execution of the same sync lives
        { for service in module.ingestion : "ingestion" => service.service_account.member },
        { (job) = module.jobs.service_accounts[job].member },
      )
    }
  }
}

module "jobs" {
  source = "./modules/jobs"

  project_id  = local.project_id
  region      = var.region
  accounts    = setunion(["superset-jobs", "transform"], keys(local.connections))
  jobs        = merge(local.jobs, local.ingest_jobs)
  environment = local.environment
  database    = module.database.connection_name
  subnetwork  = module.network.subnetwork
  kms_key     = var.kms_key
}
