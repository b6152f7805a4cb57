# What connections/*.yaml say of themselves: their schedules, their jobs where our own ingestion moves the data, and the
# secrets that they name. Only what is not in a file is said in the variable `connections`.

locals {
  # What is wrong in a file, bin/check and the build's lint say (cli: biaac connections validate).
  connection_files = {
    for file in fileset("${path.root}/../connections", "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(file("${path.root}/../connections/${file}"))
  }

  schedules = {
    for name, file in local.connection_files : name => {
      cron        = file.schedule.cron
      description = file.description
      time_zone   = try(file.schedule.time_zone, "UTC")
    }
  }

  # Job name and workload of each: names in Google Cloud have no underscore.
  connections = {
    for name, file in local.connection_files : "ingest-${replace(name, "_", "-")}" => merge(
      lookup(var.connections, name, local.usual),
      {
        name    = name
        image   = coalesce(lookup(var.images.connections, name, null), try(var.connections[name].image, null), local.placeholders.job)
        secrets = distinct(flatten(regexall("\\$\\{secret:([A-Z][A-Z0-9_]*)\\}", jsonencode(try(file.source.config, {})))))
      },
    ) if local.airbyte_is_internal
  }

  usual = { cpu = "1", image = null, memory = "1Gi", subnetwork = null, timeout_seconds = 3600 }

  ingest_jobs = {
    for job, connection in local.connections : job => {
      account         = job
      command         = ["python", "-m", "ingestion.sync", "--connection", connection.name]
      cpu             = connection.cpu
      memory          = connection.memory
      image           = connection.image
      subnetwork      = connection.subnetwork
      timeout_seconds = connection.timeout_seconds
      secrets         = { for name in connection.secrets : name => module.secrets.names[name] }
      executors       = { for service in module.ingestion : "ingestion" => service.service_account.member }
      watchers = merge( # whether another execution of the same sync lives
        { for service in module.ingestion : "ingestion" => service.service_account.member },
        { (job) = module.jobs.service_accounts[job].member },
      )
    }
  }
}
