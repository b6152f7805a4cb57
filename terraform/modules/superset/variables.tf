variable "database" {
  description = "Connection name of the Cloud SQL instance with Superset's own tables."
  type        = string
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
}

variable "environment" {
  description = "Variables that every workload is given."
  type        = map(string)
}

variable "image" {
  description = "Image by digest."
  type        = string
}

variable "kms_key" {
  description = "Customer-managed key; null: Google's own."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Project of the service."
  type        = string
}

variable "project_number" {
  description = "Its number, as the agent of Identity-Aware Proxy is named by."
  type        = string
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "secrets" {
  description = "Variable -> name of the secret it is read from."
  type        = map(string)
}

variable "size" {
  description = "CPUs and memory of the container, and how many instances there are at least and at most."
  type = object({
    cpu           = number
    max_instances = number
    memory_mib    = number
    min_instances = number
  })
}

variable "subnetwork" {
  description = "Network and subnet from which cache and database are reached."
  type = object({
    network    = string
    subnetwork = string
  })
}

variable "viewers" {
  description = "Members let through to the dashboards."
  type        = set(string)

  validation {
    condition     = alltrue([for member in var.viewers : can(regex("^(user|group):[^@*[:space:]]+@[a-z0-9.-]+\\.[a-z]{2,}$|^domain:[a-z0-9.-]+\\.[a-z]{2,}$", member))])
    error_message = "viewers: found ${join(", ", var.viewers)}, expected user:, group: or domain: and an address, such as \"group:sales@example.com\"; allUsers, allAuthenticatedUsers and * are never right."
  }
}
