variable "accounts" {
  description = "Workloads, each with a service account of its own; a job names the one it runs as."
  type        = set(string)
}

variable "database" {
  description = "Connection name of the Cloud SQL instance."
  type        = string
}

variable "environment" {
  description = "Variables that every workload is given."
  type        = map(string)
}

variable "jobs" {
  description = "Job -> image and command, who it runs as (one of accounts), its size and time limit, its variables (value, or name of a secret), whether it opens the database, its way out (ALL_TRAFFIC through the network, PRIVATE_RANGES_ONLY, or null: none of it through the network), who may start it and who may look at its executions (workload -> member)."
  type = map(object({
    account         = string
    command         = list(string)
    cpu             = string
    egress          = optional(string)
    environment     = optional(map(string), {})
    executors       = optional(map(string), {})
    image           = string
    memory          = string
    secrets         = optional(map(string), {})
    timeout_seconds = number
    uses_database   = optional(bool, false)
    watchers        = optional(map(string), {})
  }))

  validation {
    condition     = alltrue([for job in var.jobs : job.egress == null ? true : contains(["ALL_TRAFFIC", "PRIVATE_RANGES_ONLY"], job.egress)])
    error_message = "jobs: expected egress ALL_TRAFFIC, PRIVATE_RANGES_ONLY or null; found ${join(", ", [for name, job in var.jobs : "${name} ${coalesce(job.egress, "null")}"])}."
  }

  validation {
    condition     = alltrue([for job in var.jobs : job.egress != null || !job.uses_database])
    error_message = "jobs: the database has a private address only, expected an egress for ${join(", ", [for name, job in var.jobs : name if job.uses_database])}."
  }
}

variable "kms_key" {
  description = "Customer-managed key; null: Google's own."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Project of the jobs."
  type        = string
}

variable "region" {
  description = "Region of the jobs."
  type        = string
}

variable "subnetwork" {
  description = "Network and subnet from which jobs send."
  type = object({
    network    = string
    subnetwork = string
  })
}
