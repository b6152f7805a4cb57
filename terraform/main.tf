# What everything stands on. The pipeline itself is in pipeline.tf, who may touch which object in access.tf.

data "google_project" "main" {
  project_id = var.project_id
}

locals {
  labels = merge(var.labels, { app = "biaac", environment = var.environment, managed_by = "terraform" })

  # What every workload is told. biaac/settings.py reads it.
  environment = {
    BIAAC_ENVIRONMENT     = var.environment
    BRONZE_BUCKET         = module.storage.buckets["bronze"]
    GOOGLE_CLOUD_LOCATION = var.region
    GOOGLE_CLOUD_PROJECT  = var.project_id
    LAKE_BUCKET           = module.storage.buckets["lake"]
    OPS_BUCKET            = module.storage.buckets["ops"]
  }

  # Whoever takes the project from here waits for its APIs.
  project_id     = module.project_services.project_id
  project_number = data.google_project.main.number
}

module "project_services" {
  source = "./modules/project_services"

  project_id = var.project_id
}

module "storage" {
  source = "./modules/storage"

  project_id          = local.project_id
  region              = var.region
  deletion_protection = var.deletion_protection

  access = {
    for key, prefixes in local.access : key => {
      bucket   = split("/", key)[1]
      mode     = split("/", key)[2]
      member   = local.members[split("/", key)[0]]
      prefixes = prefixes
    }
  }
}

module "database" {
  source = "./modules/database"

  project_id          = local.project_id
  region              = var.region
  size                = local.profile.database
  deletion_protection = var.deletion_protection

  users = {
    superset      = module.superset.service_account
    superset-jobs = module.jobs.service_accounts["superset-jobs"]
  }
}

module "secrets" {
  source = "./modules/secrets"

  project_id          = local.project_id
  deletion_protection = var.deletion_protection

  secrets = merge(
    {
      superset-secret-key = {
        generate_length = 48
        accessors = {
          superset      = module.superset.service_account.member
          superset-jobs = module.jobs.service_accounts["superset-jobs"].member
        }
      }
      superset-admin-password = {
        generate_length = 32
        accessors       = { superset-jobs = module.jobs.service_accounts["superset-jobs"].member }
      }
    },
    { # what an Airbyte that is not ours asks of a client
      for name in local.airbyte_is_internal ? [] : ["airbyte-client-id", "airbyte-client-secret"] : name => {
        generate_length = null
        accessors = merge(
          { for function in ["bronze-finalized", "sweep", "sync"] : function => module.functions.service_accounts[function].member },
          { transform = module.jobs.service_accounts["transform"].member },
        )
      }
    },
    { # what connection files name
      for name in distinct(flatten([for connection in local.connections : connection.secrets])) : name => {
        generate_length = null
        accessors = {
          for key, connection in local.connections : key => module.jobs.service_accounts[key].member
          if contains(connection.secrets, name)
        }
      }
    },
  )
}

module "artifact_registry" {
  source = "./modules/artifact_registry"

  project_id = local.project_id
  region     = var.region
  access = {
    build           = { repository = "images", mode = "write", member = module.build.service_accounts["build"].member }
    build-check     = { repository = "images", mode = "read", member = module.build.service_accounts["build-check"].member }
    functions-build = { repository = "functions", mode = "write", member = module.functions.callers["functions-build"].member }
  }
}

module "build" {
  source = "./modules/build"

  project_id       = local.project_id
  region           = var.region
  repository       = var.repository
  require_approval = var.require_approval
  billing_account  = var.billing_account
  state_bucket     = local.state_bucket

  substitutions = {
    _ENVIRONMENT  = var.environment
    _REGION       = var.region
    _REPOSITORY   = local.image_repository
    _STATE_BUCKET = local.state_bucket
  }

  deployed_accounts = merge(
    { for name, account in module.functions.service_accounts : name => account.name },
    { for name, account in module.functions.callers : name => account.name },
    { for name, account in module.jobs.service_accounts : name => account.name },
    { for name, account in module.build.service_accounts : name => account.name },
    { for name, service in module.ingestion : "ingestion" => service.service_account.name },
    {
      cache    = module.cache.service_account.name
      superset = module.superset.service_account.name
      workflow = module.workflow.service_account.name
    },
  )
}

locals {
  # Not asked of the modules that make them: the triggers are made before anything is pushed or applied by a build.
  image_repository = "${var.region}-docker.pkg.dev/${var.project_id}/images"
  state_bucket     = coalesce(var.state_bucket, "${var.project_id}-state")
}

module "monitoring" {
  source = "./modules/monitoring"

  project_id     = local.project_id
  labels         = local.labels
  operators      = var.operators
  runbooks_url   = coalesce(var.runbooks_url, try("https://github.com/${var.repository.name}/blob/${var.repository.branch}/docs/runbooks", null))
  sweep_minutes  = var.sweep_minutes
  longest_sync_s = max(3600, [for connection in local.connections : connection.timeout_seconds]...)

  budget = var.billing_account == null ? null : {
    amount          = var.budget_amount
    billing_account = var.billing_account
    project_number  = local.project_number
  }

  watched = {
    cache              = module.cache.name
    event_subscription = module.functions.event_subscription
    superset           = module.superset.name
    superset_refresh   = module.jobs.names["superset-refresh"]
    sweep              = module.functions.names["sweep"]
    transform          = module.jobs.names["transform"]
    workflow           = module.workflow.name
  }
}
