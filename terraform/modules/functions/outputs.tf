output "callers" {
  description = "Who delivers events (eventarc), builds the functions (functions-build) and calls them by the clock (scheduler)."
  value = {
    eventarc        = google_service_account.eventarc
    functions-build = google_service_account.builder
    scheduler       = google_service_account.scheduler
  }
}

output "event_subscription" {
  description = "Pub/Sub subscription of the trigger, the last part of its name."
  value       = join("", [for name in flatten(google_eventarc_trigger.bronze_finalized.transport[*].pubsub[*].subscription) : basename(name)])
}

output "names" {
  description = "Function -> its name, which is also its Cloud Run service's."
  value       = { for name, function in google_cloudfunctions2_function.main : name => function.name }
}

output "service_accounts" {
  description = "Function -> who it is: email, member and name."
  value       = google_service_account.main
}

output "uris" {
  description = "Function -> its run.app address, which is its audience, too."
  value       = { for name, function in google_cloudfunctions2_function.main : name => function.service_config[0].uri }

  depends_on = [google_cloud_run_v2_service_iam_member.caller]
}
