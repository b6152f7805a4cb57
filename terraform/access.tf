# Who may read and write which objects: all of it. A workload without a line has no access.

locals {
  # workload/bucket/mode -> prefixes of the names; none: the whole bucket.
  access = merge(
    {
      "bronze-finalized/ops/write" = ["starts/", "watches/"]
      "bronze-finalized/lake/read" = ["releases/"] # what a release holds need not be started
      "sweep/ops/write"            = ["starts/", "watches/"]
      "sweep/ops/read"             = ["runs/"]
      "sweep/lake/read"            = ["releases/"]
      "warm-cache/ops/write"       = ["runs/"]     # a candidate that the cache can never load is rejected
      "promote/lake/write"         = ["releases/"] # it moves one object: current

      "transform/bronze/read" = []
      "transform/lake/write"  = [] # lock, ledger, working tables, files and manifests, candidates
      "transform/ops/write"   = ["offending/", "runs/"]

      "cache/lake/read"          = ["gold/", "manifests/", "releases/"]
      "cache/ops/read"           = ["warm/"]
      "superset/lake/read"       = ["releases/"]
      "superset-jobs/lake/read"  = ["manifests/", "releases/"]
      "superset-jobs/lake/write" = ["dashboards/"]    # as they were with each release, to go back to
      "superset-jobs/ops/write"  = ["runs/", "warm/"] # a rejected candidate; the statements that warm-cache replays
    },
    { for service in module.ingestion : "ingestion/ops/write" => ["airbyte/"] },
    { for job, connection in local.connections : "${job}/bronze/write" => ["${connection.name}/"] },
    { for job, connection in local.connections : "${job}/lake/read" => ["ledger/"] }, # what the lake has read
    { for job, connection in local.connections : "${job}/ops/write" => ["airbyte/"] },
    { for account in google_service_account.airbyte : "airbyte/bronze/write" => [] },
  )

  members = merge(
    { for name, account in module.functions.service_accounts : name => account.member },
    { for name, account in module.jobs.service_accounts : name => account.member },
    { for service in module.ingestion : "ingestion" => service.service_account.member },
    { for account in google_service_account.airbyte : "airbyte" => account.member },
    {
      cache    = module.cache.service_account.member
      superset = module.superset.service_account.member
    },
  )
}

# Whom an Airbyte that is not ours writes Bronze as. Its destination takes an HMAC key, which a person makes and gives
# to Airbyte (docs/airbyte.md): no key is made here, for it would be in the state.
resource "google_service_account" "airbyte" {
  count = local.airbyte_is_internal ? 0 : 1

  project      = local.project_id
  account_id   = "biaac-airbyte"
  display_name = "Airbyte's destination: writes Bronze"
}
