# The pipeline in the order of its data: sync -> ingestion -> Bronze -> refresh (transform, warm, promote, dashboards).

locals {
  airbyte_is_internal = var.airbyte == "job"

  airbyte_url = {
    job          = one([for service in module.ingestion : "${service.uri}/api/public/v1"])
    cloud        = "https://api.airbyte.com/v1" # https://reference.airbyte.com
    self_managed = var.airbyte_url
  }[var.airbyte]

  airbyte_secrets = local.airbyte_is_internal ? {} : {
    AIRBYTE_CLIENT_ID     = module.secrets.names["airbyte-client-id"]
    AIRBYTE_CLIENT_SECRET = module.secrets.names["airbyte-client-secret"]
  }

  # An address that is known before the service is made, so that the service can be told its own.
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  superset_url = "https://superset-${local.project_number}.${var.region}.run.app"

  # Google's samples, by the digests of https://cloud.google.com/deploy/docs/deploy-app-run
  placeholders = {
    job     = "us-docker.pkg.dev/cloudrun/container/job@sha256:8eb3f5e72586de6375abe95aa67511c57c61d35fb37d5670e4d68624a68ef916"
    service = "us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a"
  }

  images = {
    cache       = coalesce(var.images.cache, local.placeholders.service)
    connections = { for connection in local.connections : connection.name => connection.image }
    ingestion   = coalesce(var.images.ingestion, local.placeholders.service)
    superset    = coalesce(var.images.superset, local.placeholders.service)
    transform   = coalesce(var.images.transform, local.placeholders.job)
  }
}

module "functions" {
  source = "./modules/functions"

  project_id        = local.project_id
  project_number    = local.project_number
  region            = var.region
  source_file       = var.functions_source
  source_bucket     = module.storage.buckets["source"]
  docker_repository = module.artifact_registry.functions
  bronze_bucket     = module.storage.events
  bronze_location   = module.storage.location

  environment     = local.environment
  airbyte_secrets = local.airbyte_secrets
  airbyte_url     = local.airbyte_url
  cache_url       = local.cache_url
  connections     = local.schedules
  sweep_minutes   = var.sweep_minutes
  workflow        = "refresh"
  workflow_member = module.workflow.service_account.member
}

module "workflow" {
  source = "./modules/workflow"

  project_id          = local.project_id
  region              = var.region
  source_file         = "${path.root}/../workflows/refresh.workflows.yaml"
  deletion_protection = var.deletion_protection
  environment = {
    PROMOTE_URL    = module.functions.uris["promote"]
    WARM_CACHE_URL = module.functions.uris["warm-cache"]
  }
  starters = {
    for function in ["bronze-finalized", "sweep"] : function => module.functions.service_accounts[function].member
  }
}

# Airbyte's public API in front of the sync jobs: our own server, with airbyte = "job" only.
module "ingestion" {
  source = "./modules/cloud_run_service"
  count  = local.airbyte_is_internal ? 1 : 0

  project_id          = local.project_id
  region              = var.region
  name                = "ingestion"
  description         = "starts and watches sync jobs"
  image               = local.images.ingestion
  size                = { cpu = 1, memory_mib = 512, min_instances = 0, max_instances = 2 }
  concurrency         = 8  # threads of its server
  timeout_seconds     = 60 # a call starts or looks; the sync itself is a job
  health_path         = "/api/public/v1/health"
  deletion_protection = false # it holds nothing, and goes when another Airbyte is chosen
  environment         = local.environment
  invokers = merge(
    { for function in ["bronze-finalized", "sweep", "sync"] : function => module.functions.service_accounts[function].member },
    { transform = module.jobs.service_accounts["transform"].member },
  )
}

module "cache" {
  source = "./modules/cloud_run_service"

  project_id          = local.project_id
  region              = var.region
  name                = "cache"
  description         = "serves published releases"
  image               = local.images.cache
  size                = local.profile.cache
  protocol            = "h2c" # gRPC; Arrow's Flight server knows no gRPC health checks, so it is asked by TCP
  concurrency         = 40    # queries wait for a worker inside, and are told so
  timeout_seconds     = 300   # warming a release; a query ends at 45 s
  deletion_protection = var.deletion_protection
  environment = merge(local.environment, {
    CACHE_DISK_MIB   = tostring(local.profile.cache.disk_mib)
    CACHE_HOST       = "0.0.0.0"
    CACHE_RESULT_MIB = tostring(local.profile.cache.result_mib)
    CACHE_WORKERS    = tostring(local.profile.cache.workers)
    CACHE_WORKER_MIB = tostring(local.profile.cache.worker_mib)
  })
  invokers = {
    superset      = module.superset.service_account.member
    superset-jobs = module.jobs.service_accounts["superset-jobs"].member
    warm-cache    = module.functions.service_accounts["warm-cache"].member
  }
}

locals {
  cache_url            = "${replace(module.cache.uri, "https://", "grpc+tls://")}:443" # as Flight clients want it
  superset_environment = { CACHE_URL = local.cache_url, SUPERSET_URL = local.superset_url }
  superset_secrets     = { SUPERSET_SECRET_KEY = module.secrets.names["superset-secret-key"] }
}

# The dashboards: people come through Identity-Aware Proxy and no other way.
module "superset" {
  source = "./modules/cloud_run_service"

  project_id          = local.project_id
  region              = var.region
  name                = "superset"
  description         = "shows dashboards"
  image               = local.images.superset
  size                = local.profile.superset
  concurrency         = 16  # eight threads answer; a browser asks for six charts at once
  timeout_seconds     = 120 # Superset gives a query up at 60 s
  startup_seconds     = 180 # Superset imports for tens of seconds
  health_path         = "/health"
  deletion_protection = var.deletion_protection
  database            = module.database.connection_name
  environment = merge(local.environment, local.superset_environment, {
    SUPERSET_DATABASE_URL = module.database.urls["superset"]
    SUPERSET_PORT         = "8080"
  })
  secrets  = local.superset_secrets
  iap      = { viewers = var.viewers }
  invokers = { iap = "serviceAccount:service-${local.project_number}@gcp-sa-iap.iam.gserviceaccount.com" }
}
