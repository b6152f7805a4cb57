# The pipeline in the order of its data: sync -> ingestion -> Bronze -> refresh (transform, warm, promote, dashboards).

locals {
  airbyte_is_internal = var.airbyte == "job"

  airbyte_url = {
    job          = one([for service in module.ingestion : service.airbyte_url])
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

  # Job name and workload of each connection: names in Google Cloud have no underscore.
  connections = {
    for name, connection in local.airbyte_is_internal ? var.connections : {} :
    "ingest-${replace(name, "_", "-")}" => merge(connection, {
      name  = name
      image = coalesce(lookup(var.images.connections, name, null), connection.image, local.placeholders.job)
    })
  }

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

module "sweep" {
  source = "./modules/sweep"

  project_id = local.project_id
  region     = var.region
  schedule   = var.sweep_schedule
  url        = module.functions.uris["sweep"]
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
  subnetwork        = module.network.subnetwork
  kms_key           = var.kms_key

  environment         = local.environment
  airbyte_is_internal = local.airbyte_is_internal
  airbyte_secrets     = local.airbyte_secrets
  airbyte_url         = local.airbyte_url
  cache_url           = module.cache.url
  workflow            = "refresh"
  scheduler_member    = module.sweep.service_account.member
  workflow_member     = module.workflow.service_account.member
}

module "ingestion" {
  source = "./modules/ingestion"
  count  = local.airbyte_is_internal ? 1 : 0

  project_id  = local.project_id
  region      = var.region
  image       = local.images.ingestion
  environment = local.environment
  kms_key     = var.kms_key
  invokers = merge(
    { for function in ["bronze-finalized", "sweep", "sync"] : function => module.functions.service_accounts[function].member },
    { transform = module.jobs.service_accounts["transform"].member },
  )
}

module "workflow" {
  source = "./modules/workflow"

  project_id          = local.project_id
  region              = var.region
  source_file         = "${path.root}/../workflows/refresh.workflows.yaml"
  deletion_protection = var.deletion_protection
  kms_key             = var.kms_key
  environment = {
    PROMOTE_URL    = module.functions.uris["promote"]
    WARM_CACHE_URL = module.functions.uris["warm-cache"]
  }
  starters = {
    for function in ["bronze-finalized", "sweep"] : function => module.functions.service_accounts[function].member
  }
}

module "cache" {
  source = "./modules/cache"

  project_id          = local.project_id
  region              = var.region
  image               = local.images.cache
  size                = local.profile.cache
  environment         = local.environment
  deletion_protection = var.deletion_protection
  kms_key             = var.kms_key
  invokers = {
    superset      = module.superset.service_account.member
    superset-jobs = module.jobs.service_accounts["superset-jobs"].member
    warm-cache    = module.functions.service_accounts["warm-cache"].member
  }
}

locals {
  superset_environment = merge(local.environment, { CACHE_URL = module.cache.url, SUPERSET_URL = local.superset_url })
  superset_secrets = {
    SUPERSET_DATABASE_URL = module.database.secret
    SUPERSET_SECRET_KEY   = module.secrets.names["superset-secret-key"]
  }
}

module "superset" {
  source = "./modules/superset"

  project_id          = local.project_id
  project_number      = local.project_number
  region              = var.region
  image               = local.images.superset
  size                = local.profile.superset
  environment         = local.superset_environment
  secrets             = local.superset_secrets
  database            = module.database.connection_name
  subnetwork          = module.network.subnetwork
  viewers             = var.viewers
  deletion_protection = var.deletion_protection
  kms_key             = var.kms_key
}
