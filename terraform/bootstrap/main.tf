# The bucket that holds Terraform's state, made once by a person before anything else. Its own state stays on that
# person's disk and may be thrown away: import brings it back (README.md).

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = { app = "biaac", managed_by = "terraform" }
}

# What Terraform itself calls before it can enable anything.
resource "google_project_service" "main" {
  for_each = toset(["cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com"])

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}

resource "google_storage_bucket" "state" {
  #checkov:skip=CKV_GCP_62:whoever reads the state is in the audit log of admin activity; a log bucket comes later
  project                     = var.project_id
  name                        = "${var.project_id}-state"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  versioning { enabled = true }
  soft_delete_policy { retention_duration_seconds = 30 * 24 * 3600 }

  lifecycle_rule {
    condition {
      with_state         = "ARCHIVED"
      num_newer_versions = 20 # deployments to go back to
    }
    action { type = "Delete" }
  }

  depends_on = [google_project_service.main]
}
