locals {
  roles = {
    read  = "roles/storage.objectViewer"
    write = "roles/storage.objectUser" # compare-and-set replaces objects, and that takes the right to delete
  }

  # A list request names no object, so a condition on object names alone would refuse it: the prefix asked for counts.
  # https://cloud.google.com/storage/docs/access-control/iam#conditions
  conditions = {
    for key, grant in var.access : key => join(" || ", flatten([
      for prefix in grant.prefixes : [
        "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.main[grant.bucket].name}/objects/${prefix}\")",
        "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"${prefix}\")",
      ]
    ])) if length(grant.prefixes) > 0
  }
}

resource "google_storage_bucket_iam_member" "access" {
  for_each = var.access

  bucket = google_storage_bucket.main[each.value.bucket].name
  role   = local.roles[each.value.mode]
  member = each.value.member

  dynamic "condition" {
    for_each = contains(keys(local.conditions), each.key) ? [local.conditions[each.key]] : []
    content {
      title       = "prefixes"
      description = join(" ", each.value.prefixes)
      expression  = condition.value
    }
  }
}

# Who reads and writes objects, in Cloud Audit Logs.
resource "google_project_iam_audit_config" "storage" {
  project = var.project_id
  service = "storage.googleapis.com"

  dynamic "audit_log_config" {
    for_each = ["DATA_READ", "DATA_WRITE"]
    content { log_type = audit_log_config.value }
  }
}

# Finalize events leave Cloud Storage through Pub/Sub, published by its service agent.
# https://cloud.google.com/eventarc/docs/run/create-trigger-storage-gcloud
data "google_storage_project_service_account" "agent" {
  project = var.project_id
}

resource "google_project_iam_member" "agent_publishes" {
  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${data.google_storage_project_service_account.agent.email_address}"
}
