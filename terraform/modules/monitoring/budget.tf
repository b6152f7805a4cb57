# Mails at 50, 90 and 100 % of what a month may cost, and when the forecast passes it: docs/runbooks/budget.md. It stops
# nothing. It belongs to the billing account: whoever applies it needs roles/billing.costsManager there.
resource "google_billing_budget" "main" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "biaac"

  budget_filter { projects = ["projects/${var.budget.project_number}"] }

  amount {
    specified_amount { units = tostring(var.budget.amount) }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content { threshold_percent = threshold_rules.value }
  }
  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels))) # it takes no more
    disable_default_iam_recipients   = true                                                     # the billing account's administrators
  }
}
