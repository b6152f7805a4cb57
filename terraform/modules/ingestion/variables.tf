variable "environment" {
  description = "Variables that every workload is given."
  type        = map(string)
}

variable "image" {
  description = "Image by digest."
  type        = string
}

variable "invokers" {
  description = "Workload -> member that may call the API."
  type        = map(string)
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

variable "region" {
  description = "Region of the service."
  type        = string
}
