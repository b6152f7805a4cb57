output "project_id" {
  description = "The project, once its APIs are enabled and its service agents exist: whoever takes it from here waits."
  value       = var.project_id

  depends_on = [
    google_kms_crypto_key_iam_member.agent,
    google_project_service.main,
    google_project_service_identity.agent,
  ]
}
