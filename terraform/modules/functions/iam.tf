# A function of the second generation is a Cloud Run service of the same name: the role is needed there;
# roles/cloudfunctions.invoker would not let anybody in. https://cloud.google.com/functions/docs/securing/authenticating
resource "google_cloud_run_v2_service_iam_member" "caller" {
  for_each = local.functions

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.main[each.key].name
  role     = "roles/run.invoker"
  member   = each.value.caller
}

# Builds the functions, and can do nothing else. The three roles of
# https://cloud.google.com/functions/docs/securing/build-custom-sa, each held to what the build touches; the third,
# artifactregistry.writer, is granted on the repository.
resource "google_service_account" "builder" {
  project      = var.project_id
  account_id   = "biaac-functions-build"
  display_name = "Build of the functions"
}

resource "google_project_iam_member" "builder_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}

resource "google_storage_bucket_iam_member" "builder" {
  bucket = var.source_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.builder.member
}

# Cloud Functions copies the source into a bucket of its own, made at the first deployment.
resource "google_project_iam_member" "builder_reads" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.builder.member

  condition {
    title      = "sources-of-functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${var.project_number}-\")"
  }
}

# Grants reach the services of Google that look at them within two minutes, mostly: a build that reads its source and a
# trigger that checks its agent fail before (hashicorp/terraform-provider-google#25294), and nothing tries them again.
resource "time_sleep" "grants" {
  create_duration = "120s"
  triggers        = { bronze = var.bronze_bucket, repository = var.docker_repository } # may be published, may be written to

  depends_on = [
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_reads,
    google_project_iam_member.eventarc_agent,
    google_project_iam_member.eventarc_receives,
    google_storage_bucket_iam_member.builder,
  ]
}
