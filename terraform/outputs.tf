output "environment" {
  description = "What the command line reads, NAME -> value: terraform output -json environment | jq -r 'to_entries[] | \"export \\(.key)=\\(.value)\"' > .env.cloud"
  value = merge(local.environment, {
    AIRBYTE_URL  = local.airbyte_url
    CACHE_URL    = local.cache_url
    SUPERSET_URL = local.superset_url
    SWEEP_URL    = module.functions.uris["sweep"]
    SYNC_URL     = module.functions.uris["sync"]
    WORKFLOW     = module.workflow.name
  })
}

output "build_account" {
  description = "E-mail of the service account for a build submitted by hand."
  value       = module.build.service_accounts["build"].email
}

output "images" {
  description = "Images as deployed. Keep them when applying by hand: terraform output -json images | jq '{images: .}' > images.auto.tfvars.json"
  value       = local.images
}

output "image_repository" {
  description = "Where images are pushed."
  value       = module.artifact_registry.images
}

output "jobs" {
  description = "Cloud Run jobs by name."
  value       = module.jobs.names
}

output "superset_url" {
  description = "Where the dashboards are."
  value       = local.superset_url
}

output "workflow" {
  description = "Name of the workflow that refreshes the dashboards."
  value       = module.workflow.name
}
