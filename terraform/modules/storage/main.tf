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
      expire_days   = { "watches/" = 90 } # an event lives for a day at most, so does the use of its mark
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
  logging {
    log_bucket        = google_storage_bucket.logs.name
    log_object_prefix = each.key
  }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content { default_kms_key_name = encryption.value }
  }

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

resource "google_storage_bucket" "logs" {
  #checkov:skip=CKV_GCP_62:it is where access is logged
  #checkov:skip=CKV_GCP_63:it is where access is logged
  project                     = var.project_id
  name                        = "${var.project_id}-logs"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  versioning { enabled = true }
  soft_delete_policy { retention_duration_seconds = 7 * local.day_s }

  dynamic "encryption" {
    for_each = var.kms_key[*]
    content { default_kms_key_name = encryption.value }
  }

  lifecycle_rule {
    condition { age = 90 }
    action { type = "Delete" }
  }
  lifecycle_rule {
    condition {
      with_state                 = "ARCHIVED"
      days_since_noncurrent_time = 7
    }
    action { type = "Delete" }
  }
}
