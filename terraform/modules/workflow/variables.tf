variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the workflow."
  type        = bool
}

variable "environment" {
  description = "Variables the workflow reads with sys.get_env; names must not begin with GOOGLE or WORKFLOWS."
  type        = map(string)

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("^(GOOGLE|WORKFLOWS)", name))])
    error_message = "environment: found ${join(", ", keys(var.environment))}, expected names such as WARM_CACHE_URL; GOOGLE... and WORKFLOWS... are reserved."
  }
}

variable "project_id" {
  description = "Project of the workflow."
  type        = string
}

variable "region" {
  description = "Region of the workflow."
  type        = string
}

variable "source_file" {
  description = "Path of the workflow's YAML."
  type        = string
}

variable "starters" {
  description = "Workload -> member that may start executions and look at them."
  type        = map(string)
}
