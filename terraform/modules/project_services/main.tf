locals {
  services = [
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "compute.googleapis.com",
    "eventarc.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "iap.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
    "workflowexecutions.googleapis.com",
    "workflows.googleapis.com",
  ]

  # Google's own accounts that must exist before they are granted anything: an enabled API makes its agent only at
  # first use, and a grant to an account that does not exist is refused.
  agents = setunion(
    ["eventarc.googleapis.com", "iap.googleapis.com"],
    var.kms_key == null ? [] : keys(local.encrypting_agents),
  )

  # https://cloud.google.com/kms/docs/compatible-services: who encrypts what this stack keeps.
  encrypting_agents = {
    "artifactregistry.googleapis.com" = "service-${var.project_number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    "run.googleapis.com"              = "service-${var.project_number}@serverless-robot-prod.iam.gserviceaccount.com"
    "secretmanager.googleapis.com"    = "service-${var.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    "sqladmin.googleapis.com"         = "service-${var.project_number}@gcp-sa-cloud-sql.iam.gserviceaccount.com"
    "storage.googleapis.com"          = "service-${var.project_number}@gs-project-accounts.iam.gserviceaccount.com"
    "workflows.googleapis.com"        = "service-${var.project_number}@gcp-sa-workflows.iam.gserviceaccount.com"
  }
}

resource "google_project_service" "main" {
  for_each = toset(local.services)

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false # another tenant of the project may use it
}

resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = local.agents

  project = var.project_id
  service = google_project_service.main[each.key].service
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = var.kms_key == null ? {} : local.encrypting_agents

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value}"

  depends_on = [google_project_service_identity.agent]
}
