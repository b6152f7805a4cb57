output "channels" {
  description = "Notification channels of the operators; the budget's mails go there, too."
  value       = [for channel in google_monitoring_notification_channel.operator : channel.id]
}
