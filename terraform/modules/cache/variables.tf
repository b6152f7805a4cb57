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

variable "invokers" {
  description = "Workload -> member that may query the cache."
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

variable "size" {
  description = "CPUs, memory of the container, what of it holds table files (disk on Cloud Run is memory), answers, and each query worker, and how many instances there are at least and at most."
  type = object({
    cpu           = number
    disk_mib      = number
    max_instances = number
    memory_mib    = number
    min_instances = number
    result_mib    = number
    worker_mib    = number
    workers       = number
  })

  validation {
    # 384 MiB: the server itself with the manifests it knows.
    condition     = var.size.disk_mib + var.size.result_mib + var.size.workers * var.size.worker_mib + 384 <= var.size.memory_mib
    error_message = "size: files (${var.size.disk_mib} MiB), answers (${var.size.result_mib}) and ${var.size.workers} workers of ${var.size.worker_mib} and 384 for the server do not fit into ${var.size.memory_mib} MiB; expected a sum within it, such as 1280 + 128 + 3 * 768 + 384 in 4096."
  }
}
