variable "clients" {
  description = "Workload -> member that may connect to the instance."
  type        = map(string)
}

variable "deletion_protection" {
  description = "Whether Terraform and Cloud SQL refuse to delete the instance."
  type        = bool
}

variable "kms_key" {
  description = "Customer-managed key of disk and secrets; null: Google's own."
  type        = string
  default     = null
}

variable "network" {
  description = "Id of the network, connected to Google's services, in which the instance gets its private address."
  type        = string
}

variable "password_version" {
  description = "Raise it to give the user a new password; Cloud Run takes it with its next revision."
  type        = number
  default     = 1
}

variable "project_id" {
  description = "Project of the instance."
  type        = string
}

variable "region" {
  description = "Region of the instance."
  type        = string
}

variable "size" {
  description = "Machine (tier), ZONAL or REGIONAL, first disk size in GB, and how many daily backups are kept."
  type = object({
    availability_type = string
    disk_size_gb      = number
    retained_backups  = number
    tier              = string
  })

  validation {
    condition     = contains(["ZONAL", "REGIONAL"], var.size.availability_type) && startswith(var.size.tier, "db-")
    error_message = "size: found ${var.size.availability_type} ${var.size.tier}, expected ZONAL or REGIONAL and a tier such as \"db-f1-micro\" or \"db-custom-1-3840\"."
  }
}

variable "superset_users" {
  description = "Workload -> member that may read the URL of Superset's database."
  type        = map(string)
}
