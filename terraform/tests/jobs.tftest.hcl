mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id  = "acme-analytics"
  region      = "europe-west1"
  accounts    = ["transform", "ingest-a-connection-with-a-long-name"]
  database    = "acme-analytics:europe-west1:biaac"
  environment = { GOOGLE_CLOUD_PROJECT = "acme-analytics" }
  subnetwork  = { network = "networks/biaac", subnetwork = "subnetworks/biaac-run" }
  jobs = {
    transform = {
      account         = "transform"
      command         = ["python", "-m", "transform.job"]
      cpu             = "2"
      egress          = "ALL_TRAFFIC"
      environment     = { REVISION = "abc" }
      executors       = { workflow = "serviceAccount:biaac-workflow@acme" }
      image           = "any@sha256:0"
      memory          = "8Gi"
      secrets         = { SOME_PASSWORD = "some-password" }
      timeout_seconds = 3600
      uses_database   = true
      watchers        = { transform = "serviceAccount:biaac-transform@acme" }
    }
    ingest-a-connection-with-a-long-name = {
      account         = "ingest-a-connection-with-a-long-name"
      command         = ["python", "-m", "ingestion.sync", "--connection", "a_connection_with_a_long_name"]
      cpu             = "1"
      image           = "any@sha256:0"
      memory          = "1Gi"
      timeout_seconds = 3600
    }
  }
}

run "a_job_is_one_task_that_nobody_but_its_caller_tries_again" {
  command = plan
  module { source = "./modules/jobs" }

  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.main : job.template[0].template[0].max_retries == 0 && job.template[0].task_count == 1 && job.template[0].parallelism == 1])
    error_message = "a task that Cloud Run retries by itself runs twice at once"
  }
  assert {
    condition     = google_cloud_run_v2_job.main["transform"].template[0].template[0].timeout == "3600s"
    error_message = "a job has the time the workflow gives it"
  }
}

run "the_command_is_whole_since_an_executions_arguments_replace_the_jobs" {
  command = plan
  module { source = "./modules/jobs" }

  assert {
    condition     = join(" ", google_cloud_run_v2_job.main["ingest-a-connection-with-a-long-name"].template[0].template[0].containers[0].command) == "python -m ingestion.sync --connection a_connection_with_a_long_name"
    error_message = "the connection must be part of the command"
  }
}

run "a_job_has_its_variables_and_its_secrets_by_name" {
  command = plan
  module { source = "./modules/jobs" }

  assert {
    condition     = tomap({ for env in google_cloud_run_v2_job.main["transform"].template[0].template[0].containers[0].env : env.name => env.value if length(env.value_source) == 0 }) == tomap({ GOOGLE_CLOUD_PROJECT = "acme-analytics", REVISION = "abc" })
    error_message = "a job lacks a variable"
  }
  assert {
    condition     = tomap({ for env in google_cloud_run_v2_job.main["transform"].template[0].template[0].containers[0].env : env.name => env.value_source[0].secret_key_ref[0].secret if length(env.value_source) > 0 }) == tomap({ SOME_PASSWORD = "some-password" })
    error_message = "a job lacks a secret"
  }
}

run "a_job_with_a_database_has_its_socket_and_a_way_to_it_and_others_have_neither" {
  command = plan
  module { source = "./modules/jobs" }

  assert {
    condition     = one(google_cloud_run_v2_job.main["transform"].template[0].template[0].volumes[0].cloud_sql_instance[0].instances) == "acme-analytics:europe-west1:biaac" && google_cloud_run_v2_job.main["transform"].template[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC"
    error_message = "the transform reaches its database through the network"
  }
  assert {
    condition     = length(google_cloud_run_v2_job.main["ingest-a-connection-with-a-long-name"].template[0].template[0].vpc_access) == 0 && length(google_cloud_run_v2_job.main["ingest-a-connection-with-a-long-name"].template[0].template[0].volumes) == 0
    error_message = "a sync reaches its source on the internet, and no database of ours"
  }
}

run "a_job_is_started_with_arguments_by_its_executors_and_watched_by_its_watchers" {
  command = plan
  module { source = "./modules/jobs" }

  assert {
    condition     = join(" ", keys(google_cloud_run_v2_job_iam_member.executor)) == "transform/workflow" && google_cloud_run_v2_job_iam_member.executor["transform/workflow"].role == "roles/run.jobsExecutorWithOverrides" && google_cloud_run_v2_job_iam_member.executor["transform/workflow"].member == "serviceAccount:biaac-workflow@acme"
    error_message = "run.invoker starts a job only as it stands; the workflow gives it arguments"
  }
  assert {
    condition     = join(" ", keys(google_cloud_run_v2_job_iam_member.watcher)) == "transform/transform" && google_cloud_run_v2_job_iam_member.watcher["transform/transform"].role == "roles/run.viewer"
    error_message = "whoever finds the lock taken asks whether its owner lives"
  }
}

run "account_ids_fit_into_thirty_characters_and_stay_different" {
  command = plan
  module { source = "./modules/jobs" }

  assert {
    condition     = google_service_account.main["transform"].account_id == "biaac-transform" && alltrue([for account in google_service_account.main : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", account.account_id))])
    error_message = "an account id has 6 to 30 characters"
  }
}

run "a_database_without_a_way_to_it_is_refused" {
  command = plan
  module { source = "./modules/jobs" }
  variables {
    jobs = { x = { account = "transform", command = ["true"], cpu = "1", image = "any@sha256:0", memory = "1Gi", timeout_seconds = 60, uses_database = true } }
  }
  expect_failures = [var.jobs]
}
