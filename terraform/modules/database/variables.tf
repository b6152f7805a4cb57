variable "deletion_protection" {
  description = "Whether Terraform and Cloud SQL refuse to delete the instance."
  type        = bool
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
}

variable "users" {
  description = "Workload -> service account (email, member) that logs in."
  type        = map(object({ email = string, member = string }))
}
