mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id = "acme-analytics"
  region     = "europe-west1"
  schedule   = "*/15 * * * *"
  url        = "https://sweep.run.app"
}

run "the_sweep_is_called_by_its_run_app_address_with_a_token_for_it" {
  command = apply
  module { source = "./modules/sweep" }

  assert {
    condition     = google_cloud_scheduler_job.main.http_target[0].uri == "https://sweep.run.app" && google_cloud_scheduler_job.main.http_target[0].http_method == "POST"
    error_message = "an internal function is reached at its run.app address only"
  }
  assert {
    condition     = google_cloud_scheduler_job.main.http_target[0].oidc_token[0].audience == google_cloud_scheduler_job.main.http_target[0].uri && google_cloud_scheduler_job.main.http_target[0].oidc_token[0].service_account_email == google_service_account.scheduler.email
    error_message = "the token's audience is the function's address, and it is the scheduler's"
  }
  assert {
    condition     = google_cloud_scheduler_job.main.schedule == "*/15 * * * *" && google_cloud_scheduler_job.main.time_zone == "Etc/UTC" && !google_cloud_scheduler_job.main.paused
    error_message = "schedule, time zone and pause are all said, so that a change by hand shows as drift"
  }
}

run "four_fields_are_refused" {
  command = plan
  module { source = "./modules/sweep" }
  variables { schedule = "15 * * *" }
  expect_failures = [var.schedule]
}

run "a_minute_that_no_hour_has_is_refused" {
  command = plan
  module { source = "./modules/sweep" }
  variables { schedule = "75 * * * *" }
  expect_failures = [var.schedule]
}
