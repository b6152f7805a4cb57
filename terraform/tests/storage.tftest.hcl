mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "acme-analytics"
  region              = "europe-west1"
  deletion_protection = true
  access = {
    "cache/lake/read"      = { bucket = "lake", mode = "read", member = "serviceAccount:cache@acme", prefixes = ["gold/", "releases/"] }
    "transform/lake/write" = { bucket = "lake", mode = "write", member = "serviceAccount:transform@acme" }
  }
}

run "every_bucket_is_private_uniform_versioned_soft_deleting_and_in_one_region" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition     = toset(keys(google_storage_bucket.main)) == toset(["bronze", "lake", "ops", "source"])
    error_message = "expected the buckets bronze, lake, ops and source"
  }
  assert {
    condition = alltrue([for bucket in concat(values(google_storage_bucket.main), [google_storage_bucket.logs]) :
      bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced" && bucket.versioning[0].enabled
      && bucket.soft_delete_policy[0].retention_duration_seconds >= 7 * 24 * 3600 && !bucket.force_destroy
    ])
    error_message = "a bucket is not uniform, not closed to the public, keeps no versions, deletes at once or goes with its objects"
  }
  assert {
    condition     = alltrue([for bucket in concat(values(google_storage_bucket.main), [google_storage_bucket.logs]) : bucket.location == "europe-west1"])
    error_message = "a bucket is in another region than its trigger"
  }
  assert {
    condition     = alltrue([for key, bucket in google_storage_bucket.main : bucket.name == "acme-analytics-${key}" && bucket.logging[0].log_bucket == "acme-analytics-logs"])
    error_message = "a bucket has another name than the code expects, or nobody logs who reads it"
  }
}

run "old_versions_end_bronze_moves_to_nearline_and_marks_of_watches_expire" {
  command = apply
  module { source = "./modules/storage" }

  assert {
    condition = alltrue([for bucket in concat(values(google_storage_bucket.main), [google_storage_bucket.logs]) : anytrue([
      for rule in bucket.lifecycle_rule :
      one(rule.action).type == "Delete" && one(rule.condition).with_state == "ARCHIVED" && coalesce(one(rule.condition).days_since_noncurrent_time, 999) <= 30
    ])])
    error_message = "a bucket keeps replaced versions for more than 30 days"
  }
  assert {
    condition = join(" ", [for key, bucket in google_storage_bucket.main : key if anytrue([
      for rule in bucket.lifecycle_rule : one(rule.action).type == "SetStorageClass" && one(rule.action).storage_class == "NEARLINE"
    ])]) == "bronze"
    error_message = "Bronze moves to Nearline, and nothing else: all of the rest is read again and again"
  }
  assert {
    condition = join(" ", flatten([for key, bucket in google_storage_bucket.main : [
      for rule in bucket.lifecycle_rule : "${key}/${join(",", coalesce(one(rule.condition).matches_prefix, []))}"
      if one(rule.action).type == "Delete" && one(rule.condition).with_state != "ARCHIVED"
    ]])) == "ops/watches/"
    error_message = "marks of watches may expire by age, and nothing else that is live"
  }
}

run "access_is_to_one_bucket_by_one_member_and_only_below_its_prefixes" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition     = google_storage_bucket_iam_member.access["cache/lake/read"].role == "roles/storage.objectViewer" && google_storage_bucket_iam_member.access["transform/lake/write"].role == "roles/storage.objectUser"
    error_message = "read must be objectViewer, write objectUser"
  }
  assert {
    condition     = google_storage_bucket_iam_member.access["cache/lake/read"].bucket == "acme-analytics-lake" && google_storage_bucket_iam_member.access["cache/lake/read"].member == "serviceAccount:cache@acme"
    error_message = "a grant went to another bucket or member"
  }
  assert {
    condition = google_storage_bucket_iam_member.access["cache/lake/read"].condition[0].expression == join(" || ", [
      "resource.name.startsWith(\"projects/_/buckets/acme-analytics-lake/objects/gold/\")",
      "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"gold/\")",
      "resource.name.startsWith(\"projects/_/buckets/acme-analytics-lake/objects/releases/\")",
      "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"releases/\")",
    ])
    error_message = "a grant with prefixes must hold for objects and for lists below them, and for nothing else"
  }
  assert {
    condition     = length(google_storage_bucket_iam_member.access["transform/lake/write"].condition) == 0
    error_message = "a grant without prefixes has no condition"
  }
}

run "finalize_events_can_leave_cloud_storage_and_access_logs_arrive" {
  command = plan
  module { source = "./modules/storage" }

  assert {
    condition     = google_project_iam_member.agent_publishes.role == "roles/pubsub.publisher" && google_project_iam_member.agent_publishes.member == "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    error_message = "the service agent of Cloud Storage must be allowed to publish, or no event comes"
  }
  assert {
    condition     = google_storage_bucket_iam_member.access_logs.bucket == "acme-analytics-logs" && google_storage_bucket_iam_member.access_logs.role == "roles/storage.objectCreator"
    error_message = "Google's log delivery may create objects in the log bucket, and there only"
  }
}

run "without_protection_buckets_go_with_their_objects" {
  command = plan
  module { source = "./modules/storage" }
  variables { deletion_protection = false }

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.main : bucket.force_destroy])
    error_message = "deletion_protection = false is for uninstalling"
  }
}

run "a_key_of_the_companys_own_encrypts_every_bucket" {
  command = plan
  module { source = "./modules/storage" }
  variables { kms_key = "projects/acme/locations/europe-west1/keyRings/biaac/cryptoKeys/data" }

  assert {
    condition     = alltrue([for bucket in concat(values(google_storage_bucket.main), [google_storage_bucket.logs]) : bucket.encryption[0].default_kms_key_name == var.kms_key])
    error_message = "kms_key must be the key of every bucket"
  }
}

run "an_unknown_bucket_is_refused" {
  command = plan
  module { source = "./modules/storage" }
  variables { access = { x = { bucket = "gold", mode = "read", member = "user:a@example.com" } } }
  expect_failures = [var.access]
}

run "a_prefix_without_its_slash_is_refused" {
  command = plan
  module { source = "./modules/storage" }
  variables { access = { x = { bucket = "lake", mode = "read", member = "user:a@example.com", prefixes = ["rel"] } } }
  expect_failures = [var.access]
}
