variable "budget" {
  description = "Billing account, number of the project and what a month may cost in its currency; null: no budget."
  type        = object({ amount = number, billing_account = string, project_number = string })
  default     = null
}

variable "labels" {
  description = "Labels of every policy and channel."
  type        = map(string)
}

variable "longest_sync_s" {
  description = "Seconds a sync may take: the task timeout of the ingest jobs. An event watches its sync for so long, undelivered on purpose."
  type        = number
}

variable "operators" {
  description = "E-mail addresses that hear of every alert."
  type        = list(string)
}

variable "project_id" {
  description = "Project that is watched."
  type        = string
}

variable "runbooks_url" {
  description = "Where docs/runbooks/ of this repository can be read, without a slash at its end; each alert links to its page."
  type        = string
}

variable "sweep_minutes" {
  description = "Minutes between two sweeps. Each sweep tells of each connection once; alerts on freshness wait for as long."
  type        = number
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
