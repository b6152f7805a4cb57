variable "concurrency" {
  description = "Requests that one instance takes at a time."
  type        = number
}

variable "database" {
  description = "Connection name of the Cloud SQL instance whose socket is put below /cloudsql; null: none."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the service."
  type        = bool
}

variable "description" {
  description = "What it does, in a few words."
  type        = string
}

variable "environment" {
  description = "Its variables."
  type        = map(string)
}

variable "health_path" {
  description = "Path that answers 200 once it can work; null: it is asked by TCP."
  type        = string
  default     = null
}

variable "iap" {
  description = "Whom Identity-Aware Proxy lets through (members); null: no people, workloads only."
  type        = object({ viewers = set(string) })
  default     = null
}

variable "image" {
  description = "Image by digest."
  type        = string
}

variable "invokers" {
  description = "Workload -> member that may call it."
  type        = map(string)
}

variable "name" {
  description = "Name of the service and, after biaac-, of its account."
  type        = string
}

variable "project_id" {
  description = "Project of the service."
  type        = string
}

variable "protocol" {
  description = "http1, or h2c for gRPC."
  type        = string
  default     = "http1"
}

variable "region" {
  description = "Region of the service."
  type        = string
}

variable "secrets" {
  description = "Variable -> name of the secret it is read from."
  type        = map(string)
  default     = {}
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

variable "startup_seconds" {
  description = "How long a start may take."
  type        = number
  default     = 60
}

variable "timeout_seconds" {
  description = "How long a request may take."
  type        = number
}
