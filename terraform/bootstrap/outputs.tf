output "state_bucket" {
  description = "Bucket of the state: terraform init -backend-config=bucket=<this> -backend-config=prefix=prod"
  value       = google_storage_bucket.state.name
}
