variable "airbyte_is_internal" {
  description = "Whether Airbyte is our own ingestion service, reached through the network only."
  type        = bool
}

variable "airbyte_secrets" {
  description = "Variable -> secret with what Airbyte asks of a client: AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or nothing."
  type        = map(string)
  default     = {}
}

variable "airbyte_url" {
  description = "Root of Airbyte's public API, ending in /v1."
  type        = string
}

variable "bronze_bucket" {
  description = "Bucket whose finalize events wake the refresh."
  type        = string
}

variable "bronze_location" {
  description = "Where that bucket is."
  type        = string
}

variable "cache_url" {
  description = "Address of the cache service, grpc+tls://host:443."
  type        = string
}

variable "docker_repository" {
  description = "Id of the repository into which Cloud Functions builds."
  type        = string
}

variable "environment" {
  description = "Variables that every workload is given."
  type        = map(string)
}

variable "kms_key" {
  description = "Customer-managed key; null: Google's own."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Project of the functions."
  type        = string
}

variable "project_number" {
  description = "Its number, as Google's agents and buckets are named by."
  type        = string
}

variable "region" {
  description = "Region of functions and trigger."
  type        = string
}

variable "scheduler_member" {
  description = "Who calls sync and sweep."
  type        = string
}

variable "source_bucket" {
  description = "Bucket for the source archive."
  type        = string
}

variable "source_file" {
  description = "Archive made by bin/functions-source."
  type        = string

  validation {
    condition     = endswith(var.source_file, ".zip") && fileexists(var.source_file)
    error_message = "source_file: found \"${var.source_file}\", expected an archive that exists; bin/functions-source makes it."
  }
}

variable "subnetwork" {
  description = "Network and subnet from which internal services are called."
  type = object({
    network    = string
    subnetwork = string
  })
}

variable "workflow" {
  description = "Name of the workflow that a finished sync starts."
  type        = string
}

variable "workflow_member" {
  description = "Who calls warm-cache and promote."
  type        = string
}
