mock_provider "google" {
  source = "./tests/mocks"
}

override_resource {
  target = google_service_account.main["build"]
  values = { id = "projects/acme/serviceAccounts/biaac-build@acme", member = "serviceAccount:biaac-build@acme" }
}

override_resource {
  target = google_service_account.main["build-check"]
  values = { id = "projects/acme/serviceAccounts/biaac-build-check@acme", member = "serviceAccount:biaac-build-check@acme" }
}

variables {
  project_id        = "acme-analytics"
  region            = "europe-west1"
  repository        = { name = "acme/analytics", connection = "projects/acme-analytics/locations/europe-west1/connections/github" }
  substitutions     = { _REGION = "europe-west1" }
  deployed_accounts = { transform = "projects/acme/serviceAccounts/biaac-transform@acme" }
  state_bucket      = "acme-analytics-state"
}

run "main_deploys_and_pull_requests_only_look" {
  command = apply
  module { source = "./modules/build" }

  assert {
    condition     = google_cloudbuild_trigger.main["main"].substitutions["_DEPLOY"] == "true" && google_cloudbuild_trigger.main["main"].service_account == "projects/acme/serviceAccounts/biaac-build@acme" && google_cloudbuild_trigger.main["main"].repository_event_config[0].push[0].branch == "^main$"
    error_message = "a push to main deploys, as build"
  }
  assert {
    condition     = google_cloudbuild_trigger.main["pull-request"].substitutions["_DEPLOY"] == "false" && google_cloudbuild_trigger.main["pull-request"].service_account == "projects/acme/serviceAccounts/biaac-build-check@acme" && google_cloudbuild_trigger.main["pull-request"].repository_event_config[0].pull_request[0].branch == "^main$"
    error_message = "a pull request is built as build-check, and deploys nothing"
  }
  assert {
    condition     = google_cloudbuild_trigger.main["pull-request"].repository_event_config[0].pull_request[0].comment_control == "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
    error_message = "a stranger's proposal waits for somebody of the house"
  }
  assert {
    condition     = alltrue([for trigger in google_cloudbuild_trigger.main : trigger.filename == "cloudbuild.yaml" && trigger.substitutions["_REGION"] == "europe-west1"])
    error_message = "both triggers run cloudbuild.yaml, with the same substitutions"
  }
}

run "pull_requests_can_change_nothing" {
  command = apply
  module { source = "./modules/build" }

  assert {
    condition     = toset(keys(google_project_iam_member.check)) == toset(["roles/browser", "roles/logging.logWriter", "roles/serviceusage.serviceUsageConsumer"]) && alltrue([for grant in google_project_iam_member.check : grant.member == "serviceAccount:biaac-build-check@acme"])
    error_message = "whoever proposes a change can rewrite the build: its account must be able to do nothing"
  }
  assert {
    condition     = google_storage_bucket_iam_member.check_reads_state.role == "roles/storage.objectViewer" && google_storage_bucket_iam_member.check_reads_state.bucket == "acme-analytics-state"
    error_message = "it reads the state, and only that"
  }
}

run "the_build_hands_out_only_the_roles_of_workloads_and_acts_as_named_accounts_only" {
  command = apply
  module { source = "./modules/build" }

  assert {
    condition     = startswith(google_project_iam_member.build_grants.condition[0].expression, "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/cloudsql.client'")
    error_message = "without its condition the build could make anybody owner"
  }
  assert {
    condition     = !anytrue([for role in concat(keys(google_project_iam_member.build), keys(google_project_iam_member.build_accounts)) : contains(["roles/owner", "roles/editor", "roles/viewer", "roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountKeyAdmin", "roles/iam.securityAdmin"], role)])
    error_message = "no basic role, no impersonation and no keys on the project"
  }
  assert {
    condition     = google_service_account_iam_member.acts_as["transform"].role == "roles/iam.serviceAccountUser" && google_service_account_iam_member.acts_as["transform"].service_account_id == "projects/acme/serviceAccounts/biaac-transform@acme" && length(google_service_account_iam_member.acts_as) == 1
    error_message = "the build deploys as the accounts it is given"
  }
}

run "without_a_repository_there_are_accounts_and_no_triggers" {
  command = plan
  module { source = "./modules/build" }
  variables { repository = null }

  assert {
    condition     = length(google_cloudbuild_trigger.main) == 0 && length(google_cloudbuildv2_repository.main) == 0 && length(google_service_account.main) == 2
    error_message = "a build can be submitted by hand"
  }
}

run "a_substitution_without_its_underscore_is_refused" {
  command = plan
  module { source = "./modules/build" }
  variables { substitutions = { REGION = "europe-west1" } }
  expect_failures = [var.substitutions]
}
