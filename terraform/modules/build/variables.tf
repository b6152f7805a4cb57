variable "billing_account" {
  description = "Billing account with the budget of this stack; null: there is none."
  type        = string
  default     = null
}

variable "deployed_accounts" {
  description = "Workload -> full name of the service account that the build deploys it as."
  type        = map(string)
}

variable "project_id" {
  description = "Project in which builds run, and which they deploy."
  type        = string
}

variable "region" {
  description = "Region of triggers and builds."
  type        = string
}

variable "repository" {
  description = "owner/name on GitHub, the Cloud Build connection that reaches it, and the branch that is deployed; null: no triggers, builds are submitted by hand."
  type = object({
    branch     = optional(string, "main")
    connection = string
    name       = string
  })
  default = null
}

variable "require_approval" {
  description = "Whether a person approves each deployment in Cloud Build."
  type        = bool
  default     = false
}

variable "state_bucket" {
  description = "Bucket of the state, which the plan of a pull request reads."
  type        = string
}

variable "substitutions" {
  description = "What cloudbuild.yaml is told, beside _DEPLOY."
  type        = map(string)

  validation {
    condition     = alltrue([for name in keys(var.substitutions) : can(regex("^_[A-Z][A-Z0-9_]*$", name))])
    error_message = "substitutions: found ${join(", ", keys(var.substitutions))}, expected names such as _REGION."
  }
}
