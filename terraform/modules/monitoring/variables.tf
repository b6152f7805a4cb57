variable "labels" {
  description = "Labels of every policy and channel."
  type        = map(string)
  default     = {}
}

variable "longest_sync_s" {
  description = "Seconds a sync may take: the task timeout of the ingest jobs. An event watches its sync for so long, undelivered on purpose."
  type        = number
  default     = 3600

  validation {
    condition     = var.longest_sync_s >= 60 && var.longest_sync_s <= 72000
    error_message = "longest_sync_s: expected 60 to 72000 seconds; Eventarc gives an event up after 24 h."
  }
}

variable "operators" {
  description = "E-mail addresses that hear of every alert."
  type        = list(string)

  validation {
    condition     = length(var.operators) > 0
    error_message = "operators: expected at least one e-mail address; an alert that nobody hears is none."
  }

  validation {
    condition     = alltrue([for each in var.operators : can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", each))])
    error_message = "operators: expected e-mail addresses such as data@example.com."
  }
}

variable "project_id" {
  description = "Project that is watched."
  type        = string
}

variable "runbooks_url" {
  description = "Where docs/runbooks/ of this repository can be read, without a slash at its end; each alert links to its page."
  type        = string

  validation {
    condition     = can(regex("^https://[^[:space:]]+[^/[:space:]]$", var.runbooks_url))
    error_message = "runbooks_url: expected an https address without a slash at its end, such as https://github.com/owner/name/blob/main/docs/runbooks."
  }
}

variable "sweep_minutes" {
  description = "Minutes between two sweeps. Each sweep tells of each connection once; alerts on freshness wait for as long."
  type        = number
  default     = 15

  validation {
    condition     = var.sweep_minutes >= 1 && var.sweep_minutes <= 60 && floor(var.sweep_minutes) == var.sweep_minutes
    error_message = "sweep_minutes: expected a whole number from 1 to 60."
  }
}

variable "watched" {
  description = "Names of what is watched, as the modules that make them put them out: Cloud Run services (the function sweep is one), Cloud Run jobs, the workflow, and the Pub/Sub subscription of the Eventarc trigger (last part of its name)."
  type = object({
    cache              = string
    event_subscription = string
    superset           = string
    superset_refresh   = string
    sweep              = string
    transform          = string
    workflow           = string
  })
}
