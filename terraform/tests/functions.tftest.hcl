mock_provider "google" {
  source = "./tests/mocks"
}

override_resource {
  target = google_service_account.eventarc
  values = { email = "biaac-eventarc@acme", member = "serviceAccount:biaac-eventarc@acme" }
}

override_resource {
  target = google_service_account.builder
  values = { id = "projects/acme/serviceAccounts/biaac-functions-build@acme", member = "serviceAccount:biaac-functions-build@acme" }
}

variables {
  project_id          = "acme-analytics"
  project_number      = "123456789012"
  region              = "europe-west1"
  source_file         = "tests/fixtures/functions.zip"
  source_bucket       = "acme-analytics-source"
  docker_repository   = "projects/acme-analytics/locations/europe-west1/repositories/functions"
  bronze_bucket       = "acme-analytics-bronze"
  bronze_location     = "EUROPE-WEST1"
  subnetwork          = { network = "networks/biaac", subnetwork = "subnetworks/biaac-run" }
  environment         = { GOOGLE_CLOUD_PROJECT = "acme-analytics" }
  airbyte_is_internal = true
  airbyte_url         = "https://ingestion.run.app/api/public/v1"
  cache_url           = "grpc+tls://cache.run.app:443"
  workflow            = "refresh"
  scheduler_member    = "serviceAccount:biaac-scheduler@acme"
  workflow_member     = "serviceAccount:biaac-workflow@acme"
}

run "five_functions_with_the_entry_points_of_main_py" {
  command = plan
  module { source = "./modules/functions" }

  assert {
    condition = tomap({ for name, function in google_cloudfunctions2_function.main : name => function.build_config[0].entry_point }) == tomap({
      bronze-finalized = "bronze_finalized", promote = "promote", sweep = "sweep", sync = "sync", warm-cache = "warm_cache"
    })
    error_message = "expected the five entry points of functions/main.py"
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.main : function.build_config[0].runtime == "python311"])
    error_message = "the runtime is the Python of pyproject.toml"
  }
}

run "every_function_is_internal_scales_to_zero_and_is_somebody" {
  command = apply
  module { source = "./modules/functions" }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.main : function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "a function can be reached from outside the project"
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.main : function.service_config[0].min_instance_count == 0])
    error_message = "a function costs at rest"
  }
  assert {
    condition     = alltrue([for name, account in google_service_account.main : account.account_id == "biaac-${name}"]) && alltrue([for name, function in google_cloudfunctions2_function.main : function.service_config[0].service_account_email == google_service_account.main[name].email])
    error_message = "each function runs as a service account of its own"
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.main : function.build_config[0].service_account == google_service_account.builder.id])
    error_message = "functions are built by an account that can do nothing else"
  }
}

run "each_function_is_called_by_one_caller_through_its_cloud_run_service" {
  command = apply
  module { source = "./modules/functions" }

  assert {
    condition = tomap({ for name, grant in google_cloud_run_v2_service_iam_member.caller : name => grant.member }) == tomap({
      bronze-finalized = "serviceAccount:biaac-eventarc@acme"
      promote          = "serviceAccount:biaac-workflow@acme"
      sweep            = "serviceAccount:biaac-scheduler@acme"
      sync             = "serviceAccount:biaac-scheduler@acme"
      warm-cache       = "serviceAccount:biaac-workflow@acme"
    })
    error_message = "Eventarc calls bronze-finalized, Scheduler sync and sweep, the workflow warm-cache and promote, and nobody else anything"
  }
  assert {
    condition     = alltrue([for name, grant in google_cloud_run_v2_service_iam_member.caller : grant.role == "roles/run.invoker" && grant.name == name])
    error_message = "the role is run.invoker, on the service of the function's name"
  }
}

run "each_function_is_told_what_it_reads" {
  command = plan
  module { source = "./modules/functions" }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.main : function.service_config[0].environment_variables["GOOGLE_CLOUD_PROJECT"] == "acme-analytics"])
    error_message = "a function lacks what every workload is told"
  }
  assert {
    condition     = join(" ", [for name, function in google_cloudfunctions2_function.main : name if contains(keys(function.service_config[0].environment_variables), "AIRBYTE_URL")]) == "bronze-finalized sweep sync"
    error_message = "bronze-finalized, sweep and sync ask Airbyte, and nobody else"
  }
  assert {
    condition     = join(" ", [for name, function in google_cloudfunctions2_function.main : name if contains(keys(function.service_config[0].environment_variables), "WORKFLOW")]) == "bronze-finalized sweep"
    error_message = "bronze-finalized and sweep start the workflow, and nobody else"
  }
  assert {
    condition     = google_cloudfunctions2_function.main["warm-cache"].service_config[0].environment_variables["CACHE_URL"] == "grpc+tls://cache.run.app:443"
    error_message = "warm-cache has to know the cache"
  }
}

run "callers_of_internal_services_go_through_the_network" {
  command = plan
  module { source = "./modules/functions" }

  assert {
    condition     = join(" ", [for name, function in google_cloudfunctions2_function.main : name if function.service_config[0].direct_vpc_egress == "VPC_EGRESS_ALL_TRAFFIC" && length(function.service_config[0].direct_vpc_network_interface) == 1]) == "bronze-finalized sweep sync warm-cache"
    error_message = "whoever calls ingestion or the cache must send everything through the network; promote needs none of it"
  }
}

run "an_airbyte_on_the_internet_is_not_called_through_the_network" {
  command = plan
  module { source = "./modules/functions" }
  variables {
    airbyte_is_internal = false
    airbyte_url         = "https://api.airbyte.com/v1"
    airbyte_secrets     = { AIRBYTE_CLIENT_ID = "airbyte-client-id", AIRBYTE_CLIENT_SECRET = "airbyte-client-secret" }
  }

  assert {
    condition     = join(" ", [for name, function in google_cloudfunctions2_function.main : name if length(function.service_config[0].direct_vpc_network_interface) > 0]) == "warm-cache"
    error_message = "there is no way from the network to the internet"
  }
  assert {
    condition     = join(" ", [for name, function in google_cloudfunctions2_function.main : name if length(function.service_config[0].secret_environment_variables) == 2]) == "bronze-finalized sweep sync"
    error_message = "who asks Airbyte is given its credentials, and nobody else"
  }
}

run "finalize_events_of_bronze_reach_bronze_finalized" {
  command = apply
  module { source = "./modules/functions" }

  assert {
    condition = toset([for criterion in google_eventarc_trigger.bronze_finalized.matching_criteria : "${criterion.attribute}=${criterion.value}"]) == toset([
      "type=google.cloud.storage.object.v1.finalized", "bucket=acme-analytics-bronze"
    ])
    error_message = "the trigger listens for finalized objects of Bronze"
  }
  assert {
    condition     = google_eventarc_trigger.bronze_finalized.destination[0].cloud_run_service[0].service == "bronze-finalized" && google_eventarc_trigger.bronze_finalized.location == "europe-west1" && google_eventarc_trigger.bronze_finalized.service_account == "biaac-eventarc@acme"
    error_message = "events go to bronze-finalized, as the account that may call it"
  }
  assert {
    condition     = length(google_eventarc_trigger.bronze_finalized.retry_policy) == 0
    error_message = "a retry policy would end redelivery"
  }
  assert {
    condition     = google_project_iam_member.eventarc_receives.role == "roles/eventarc.eventReceiver" && google_project_iam_member.eventarc_receives.member == "serviceAccount:biaac-eventarc@acme"
    error_message = "the trigger's account must be allowed to receive events"
  }
}

run "a_bucket_elsewhere_than_its_trigger_is_refused" {
  command = plan
  module { source = "./modules/functions" }
  variables { bronze_location = "US" }
  expect_failures = [google_eventarc_trigger.bronze_finalized]
}

run "a_source_that_was_not_made_is_refused" {
  command = plan
  module { source = "./modules/functions" }
  variables { source_file = "tests/fixtures/missing.zip" }
  expect_failures = [var.source_file]
}
