output "functions" {
  description = "Id of the repository for Cloud Functions, once its builder may write to it."
  value       = google_artifact_registry_repository.main["functions"].id

  depends_on = [google_artifact_registry_repository_iam_member.access]
}

output "images" {
  description = "Where images are pushed: host/project/repository."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.main["images"].repository_id}"
}
