variable "amount" {
  description = "What a month may cost, in whole units of the billing account's currency; mails go out at 50, 90 and 100 %, and when a forecast passes it."
  type        = number

  validation {
    condition     = var.amount >= 1 && floor(var.amount) == var.amount
    error_message = "amount: expected a whole number of at least 1, in the currency of the billing account."
  }
}

variable "billing_account" {
  description = "Billing account of the project, as `gcloud billing accounts list` shows it."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account: expected an id such as 012345-6789AB-CDEF01, see: gcloud billing accounts list."
  }
}

variable "channels" {
  description = "Notification channels that hear of it, as module monitoring puts them out; at most five (a limit of budgets)."
  type        = list(string)

  validation {
    condition     = length(var.channels) <= 5
    error_message = "channels: a budget takes at most five notification channels."
  }
}

variable "project_number" {
  description = "Number of the project whose costs count."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "project_number: expected the project's number, not its id."
  }
}
