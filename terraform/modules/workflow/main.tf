resource "google_service_account" "main" {
  project      = var.project_id
  account_id   = "biaac-workflow"
  display_name = "Workflow refresh: starts its jobs, calls warm-cache and promote"
}

resource "google_workflows_workflow" "main" {
  project                 = var.project_id
  name                    = "refresh"
  region                  = var.region
  description             = "From a finished sync to the dashboards."
  service_account         = google_service_account.main.id
  source_contents         = file(var.source_file)
  call_log_level          = "LOG_ERRORS_ONLY"
  execution_history_level = "EXECUTION_HISTORY_BASIC"
  deletion_protection     = var.deletion_protection
  user_env_vars           = var.environment
}

# Waiting for a job means reading the operation that its start returned. Operations belong to the location, not to the
# job, so a role on the job does not reach them. https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.operations/get
resource "google_project_iam_member" "reads_operations" {
  project = var.project_id
  role    = "roles/run.viewer"
  member  = google_service_account.main.member
}

resource "google_project_iam_member" "logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.main.member
}

# Workflows has no IAM of its own below the project; this is the project's only workflow.
# https://cloud.google.com/workflows/docs/access-control
resource "google_project_iam_member" "starter" {
  for_each = var.starters

  project = var.project_id
  role    = "roles/workflows.invoker"
  member  = each.value
}
