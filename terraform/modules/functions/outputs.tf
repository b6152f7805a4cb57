output "builder" {
  description = "Who builds the functions."
  value = {
    member = google_service_account.builder.member
    name   = google_service_account.builder.name
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
  description = "Function -> who it is."
  value = {
    for name, account in google_service_account.main : name => {
      email  = account.email
      member = account.member
      name   = account.name
    }
  }
}

output "trigger_account" {
  description = "Who delivers events."
  value = {
    email  = google_service_account.eventarc.email
    member = google_service_account.eventarc.member
    name   = google_service_account.eventarc.name
  }
}

output "uris" {
  description = "Function -> its run.app address, which is its audience, too."
  value       = { for name, function in google_cloudfunctions2_function.main : name => function.service_config[0].uri }

  depends_on = [google_cloud_run_v2_service_iam_member.caller]
}
