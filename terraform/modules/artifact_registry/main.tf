locals {
  repositories = {
    functions = "What Cloud Functions builds of the functions' source."
    images    = "Images of transform, ingestion, cache and Superset, deployed by digest."
  }
}

resource "google_artifact_registry_repository" "main" {
  for_each = local.repositories
  #checkov:skip=CKV_GCP_84:Google's own keys; a customer-managed one is not offered

  project       = var.project_id
  location      = var.region
  repository_id = each.key
  description   = each.value
  format        = "DOCKER"

  # USD 0.26 an image: to have it, enable containerscanning.googleapis.com and say INHERITED.
  vulnerability_scanning_config { enablement_config = "DISABLED" }

  cleanup_policies { # KEEP wins over DELETE: a way back stays, however old
    id     = "keep-a-way-back"
    action = "KEEP"
    most_recent_versions { keep_count = 5 }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition { older_than = "${30 * 24 * 3600}s" }
  }
}

resource "google_artifact_registry_repository_iam_member" "access" {
  for_each = var.access

  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.main[each.value.repository].name
  role       = { read = "roles/artifactregistry.reader", write = "roles/artifactregistry.writer" }[each.value.mode]
  member     = each.value.member
}
