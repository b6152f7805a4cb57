# Finalize events of the Bronze bucket, delivered to bronze-finalized.
#
# Delivery: at least once, again after 10 to 600 s while the answer is no 2xx, for 24 h (the retention of the
# subscription that Eventarc makes); retry_policy would only switch that off. What is given up after a day is found by
# the sweep, which needs no event: that is the dead letter's place here. https://cloud.google.com/eventarc/docs/retry-events
resource "google_service_account" "eventarc" {
  project      = var.project_id
  account_id   = "biaac-eventarc"
  display_name = "Eventarc trigger bronze-finalized"
}

resource "google_project_iam_member" "eventarc_receives" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.eventarc.member
}

# Given by Google when the API is first used, which may be later than our trigger needs it.
resource "google_project_iam_member" "eventarc_agent" {
  #checkov:skip=CKV_GCP_49:the role Google gives its own agent
  project = var.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = "serviceAccount:service-${var.project_number}@gcp-sa-eventarc.iam.gserviceaccount.com"
}

resource "google_eventarc_trigger" "bronze_finalized" {
  project         = var.project_id
  name            = "bronze-finalized"
  location        = var.region
  service_account = google_service_account.eventarc.email

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.storage.object.v1.finalized"
  }
  matching_criteria {
    attribute = "bucket"
    value     = var.bronze_bucket
  }

  destination {
    cloud_run_service {
      service = google_cloudfunctions2_function.main["bronze-finalized"].name
      region  = var.region
      path    = "/"
    }
  }

  lifecycle {
    precondition {
      condition     = lower(var.bronze_location) == var.region
      error_message = "The Bronze bucket is in ${var.bronze_location}, the trigger in ${var.region}: expected one location for both, or no event is delivered."
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.caller, time_sleep.grants]
}
