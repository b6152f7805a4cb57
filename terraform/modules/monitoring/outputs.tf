output "channels" {
  description = "Notification channels of the operators; the budget's mails go there, too."
  value       = [for channel in google_monitoring_notification_channel.operator : channel.id]
}

output "conditions" {
  description = "How many alert conditions there are: what Cloud Monitoring charges for."
  value       = length(google_monitoring_alert_policy.log) + length(google_monitoring_alert_policy.metric) + 1
}

output "dashboard" {
  description = "Name of the dashboard."
  value       = google_monitoring_dashboard.main.id
}
