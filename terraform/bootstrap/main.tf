# The bucket that holds Terraform's state, made once by a person before anything else. Its own state stays on that
# person's disk and may be thrown away: import brings it back (../README.md).

terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.26, < 9.0"
    }
  }
}

variable "project_id" {
  description = "Project that will hold the stack."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id: found \"${var.project_id}\", expected 6 to 30 lower-case letters, digits and hyphens beginning with a letter (the id, not the name or number), such as \"acme-analytics\"."
  }
}

variable "region" {
  description = "Region of the state's bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region: found \"${var.region}\", expected a region, neither a zone nor a continent, such as \"europe-west1\"."
  }
}

output "state_bucket" {
  description = "Bucket of the state: terraform init -backend-config=bucket=<this> -backend-config=prefix=prod"
  value       = google_storage_bucket.state.name
}

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
  #checkov:skip=CKV_GCP_62:who reads the state is in Cloud Audit Logs (modules/storage/iam.tf)
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
