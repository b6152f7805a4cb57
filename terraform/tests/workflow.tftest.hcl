mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "acme-analytics"
  region              = "europe-west1"
  source_file         = "../workflows/refresh.workflows.yaml"
  deletion_protection = true
  environment         = { PROMOTE_URL = "https://promote.run.app", WARM_CACHE_URL = "https://warm-cache.run.app" }
  starters            = { sweep = "serviceAccount:biaac-sweep@acme" }
}

run "the_workflow_is_the_file_the_laptop_runs" {
  command = apply
  module { source = "./modules/workflow" }

  assert {
    condition     = google_workflows_workflow.main.source_contents == file("../workflows/refresh.workflows.yaml") && google_workflows_workflow.main.name == "refresh"
    error_message = "the cloud must run workflows/refresh.workflows.yaml, as refresh"
  }
  assert {
    condition     = google_workflows_workflow.main.service_account == google_service_account.main.id && google_workflows_workflow.main.deletion_protection
    error_message = "the workflow is somebody, and is not deleted by mistake"
  }
  assert {
    condition     = google_workflows_workflow.main.user_env_vars == tomap(var.environment)
    error_message = "the workflow has to know the functions it calls"
  }
}

run "it_reads_operations_of_jobs_and_writes_logs_and_those_named_start_it" {
  command = apply
  module { source = "./modules/workflow" }

  assert {
    condition     = google_project_iam_member.reads_operations.role == "roles/run.viewer" && google_project_iam_member.reads_operations.member == google_service_account.main.member
    error_message = "without run.viewer the workflow cannot wait for a job"
  }
  assert {
    condition     = google_project_iam_member.logs.role == "roles/logging.logWriter"
    error_message = "without it a failed call is not logged"
  }
  assert {
    condition     = google_project_iam_member.starter["sweep"].role == "roles/workflows.invoker" && google_project_iam_member.starter["sweep"].member == "serviceAccount:biaac-sweep@acme" && length(google_project_iam_member.starter) == 1
    error_message = "exactly the named starters may start it"
  }
}

run "a_reserved_variable_is_refused" {
  command = plan
  module { source = "./modules/workflow" }
  variables { environment = { GOOGLE_CLOUD_PROJECT = "acme" } }
  expect_failures = [var.environment]
}
