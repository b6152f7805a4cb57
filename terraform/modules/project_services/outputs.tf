output "project_id" {
  description = "The project, once its APIs are enabled and its service agents exist: whoever takes it from here waits."
  value       = var.project_id

  depends_on = [time_sleep.services]
}
