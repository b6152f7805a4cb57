output "buckets" {
  description = "Names: bronze, lake, ops, source."
  value       = { for key, bucket in google_storage_bucket.main : key => bucket.name }
}

output "events" {
  description = "The bucket whose finalize events can be subscribed to, once Cloud Storage may publish them."
  value       = google_storage_bucket.main["bronze"].name

  depends_on = [google_project_iam_member.agent_publishes]
}

output "location" {
  description = "Where the buckets are; the trigger has to be there too."
  value       = google_storage_bucket.main["bronze"].location
}
