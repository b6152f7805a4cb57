# The APIs that the stack calls. They stay enabled when it goes.
locals {
  services = [
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "eventarc.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "iap.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
    "workflowexecutions.googleapis.com",
    "workflows.googleapis.com",
  ]
}

resource "google_project_service" "main" {
  for_each = toset(local.services)

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false # another tenant of the project may use it
}

# Google's own accounts that are granted something before their first use: an enabled API makes its agent only then, and a
# grant to an account that does not exist is refused.
resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = toset(["eventarc.googleapis.com", "iap.googleapis.com"])

  project = var.project_id
  service = google_project_service.main[each.key].service
}

# An API that was enabled, and an agent that was made, a moment ago are not known everywhere at Google yet.
resource "time_sleep" "services" {
  create_duration = "60s"
  triggers        = { services = join(" ", local.services) } # a new one is waited for, too

  depends_on = [google_project_service.main, google_project_service_identity.agent]
}
