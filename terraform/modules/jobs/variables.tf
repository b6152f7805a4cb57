variable "accounts" {
  description = "Workloads, each with a service account of its own; a job names the one it runs as."
  type        = set(string)
}

variable "environment" {
  description = "Variables that every workload is given."
  type        = map(string)
}

variable "jobs" {
  description = "Job -> image and command, who it runs as (one of accounts), its size and time limit, its variables (value, or name of a secret), the Cloud SQL instance it opens, the subnetwork through which it reaches private addresses, who may start it and who may look at its executions (workload -> member)."
  type = map(object({
    account         = string
    command         = list(string)
    cpu             = string
    database        = optional(string)
    environment     = optional(map(string), {})
    executors       = optional(map(string), {})
    image           = string
    memory          = string
    secrets         = optional(map(string), {})
    subnetwork      = optional(string)
    timeout_seconds = number
    watchers        = optional(map(string), {})
  }))
}

variable "project_id" {
  description = "Project of the jobs."
  type        = string
}

variable "region" {
  description = "Region of the jobs."
  type        = string
}
