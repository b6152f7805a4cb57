# APIs, Google's agents, images' repositories and the bucket of the state.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "google-beta" {}

variables {
  project_id     = "acme-analytics"
  project_number = "123456789012"
  region         = "europe-west1"
  access         = { build = { repository = "images", mode = "write", member = "serviceAccount:biaac-build@acme" } }
}

run "apis_stay_enabled_when_the_stack_goes" {
  command = plan
  module { source = "./modules/project_services" }

  assert {
    condition     = alltrue([for service in google_project_service.main : !service.disable_on_destroy])
    error_message = "something else in the project may need an API"
  }
}

run "agents_that_are_granted_something_exist_before" {
  command = plan
  module { source = "./modules/project_services" }

  assert {
    condition     = toset(keys(google_project_service_identity.agent)) == toset(["eventarc.googleapis.com", "iap.googleapis.com"]) && length(google_kms_crypto_key_iam_member.agent) == 0
    error_message = "a grant to an agent that does not exist is refused"
  }
}

run "with_a_key_of_the_companys_own_every_agent_that_encrypts_may_use_it" {
  command = plan
  module { source = "./modules/project_services" }
  variables { kms_key = "projects/acme/locations/europe-west1/keyRings/biaac/cryptoKeys/data" }

  assert {
    condition     = alltrue([for grant in google_kms_crypto_key_iam_member.agent : grant.role == "roles/cloudkms.cryptoKeyEncrypterDecrypter"]) && contains(keys(google_kms_crypto_key_iam_member.agent), "sqladmin.googleapis.com")
    error_message = "without the role nothing can be made with the key"
  }
}

run "old_images_go_and_a_way_back_stays" {
  command = apply
  module { source = "./modules/artifact_registry" }

  assert {
    condition = alltrue([for repository in google_artifact_registry_repository.main :
      toset([for policy in repository.cleanup_policies : policy.action]) == toset(["KEEP", "DELETE"]) && repository.format == "DOCKER" && repository.location == "europe-west1"
    ])
    error_message = "without clean-up policies images are the largest thing that is paid for"
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.access["build"].role == "roles/artifactregistry.writer" && google_artifact_registry_repository_iam_member.access["build"].repository == google_artifact_registry_repository.main["images"].name
    error_message = "the build pushes to the repository of images"
  }
}

run "the_bucket_of_the_state_is_private_versioned_and_kept" {
  command = plan
  module { source = "./bootstrap" }

  assert {
    condition     = google_storage_bucket.state.name == "acme-analytics-state" && google_storage_bucket.state.uniform_bucket_level_access && google_storage_bucket.state.public_access_prevention == "enforced" && google_storage_bucket.state.versioning[0].enabled && !google_storage_bucket.state.force_destroy
    error_message = "the state's bucket is private and keeps versions"
  }
}
