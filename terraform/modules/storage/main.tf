# Four buckets, uniform, never public, versioned, soft-deleting, in the region of the trigger: `bronze` (what syncs
# deliver), `lake` (working tables and releases), `ops` (run records, marks, job records), `source` (functions' archives).
locals {
  day_s = 24 * 3600

  # keep_days: how long a replaced or deleted version can still be had by its generation.
  buckets = {
    bronze = {
      keep_days     = 30
      nearline_days = 30 # read once, by the transform; a re-read of all of it is a rare repair
      soft_days     = 7
      expire_days   = {}
    }
    lake = {
      keep_days     = 7 # its data never changes; what is replaced is pointers, or rubbish of working tables
      nearline_days = null
      soft_days     = 7
      expire_days   = {}
    }
    ops = {
      keep_days     = 30
      nearline_days = null
      soft_days     = 7
      # An event lives for a day at most, so does the use of its mark. The other two may hold rows of persons.
      expire_days = { "airbyte/unread/" = 30, "offending/" = 30, "watches/" = 90 }
    }
    source = {
      keep_days     = 30
      nearline_days = null
      soft_days     = 7
      expire_days   = {}
    }
  }
}

resource "google_storage_bucket" "main" {
  #checkov:skip=CKV_GCP_62:who reads and writes objects is in Cloud Audit Logs (iam.tf), which Google prefers to usage logs
  #checkov:skip=CKV_GCP_63:it logs into no bucket, so not into itself
  for_each = local.buckets

  project                     = var.project_id
  name                        = "${var.project_id}-${each.key}"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  versioning { enabled = true }
  soft_delete_policy { retention_duration_seconds = each.value.soft_days * local.day_s }

  lifecycle_rule {
    condition {
      with_state                 = "ARCHIVED"
      days_since_noncurrent_time = each.value.keep_days
    }
    action { type = "Delete" }
  }
  lifecycle_rule { # what a killed upload left: it is billed and nobody sees it
    condition { age = 7 }
    action { type = "AbortIncompleteMultipartUpload" }
  }
  dynamic "lifecycle_rule" {
    for_each = each.value.nearline_days[*]
    content {
      condition {
        age                   = lifecycle_rule.value
        matches_storage_class = ["STANDARD"]
      }
      action {
        type          = "SetStorageClass"
        storage_class = "NEARLINE"
      }
    }
  }
  dynamic "lifecycle_rule" {
    for_each = each.value.expire_days
    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = [lifecycle_rule.key]
      }
      action { type = "Delete" }
    }
  }
}
