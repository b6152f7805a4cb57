mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "acme-analytics"
  deletion_protection = false
  secrets = {
    superset-secret-key = { accessors = { superset = "serviceAccount:biaac-superset@acme" }, generate_length = 48 }
    SHOP_PASSWORD       = { accessors = { ingest-web-shop = "serviceAccount:biaac-ingest-web-shop@acme" } }
  }
}

run "no_value_is_in_the_state_and_each_secret_has_one" {
  command = apply
  module { source = "./modules/secrets" }

  assert {
    condition     = alltrue([for version in google_secret_manager_secret_version.first : version.secret_data == null && version.secret_data_wo == null && version.secret_data_wo_version == 1])
    error_message = "a secret's value is in the state"
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret_version.first)) == toset(["superset-secret-key", "SHOP_PASSWORD"])
    error_message = "a secret without a version keeps its job from being made"
  }
}

run "each_secret_is_read_by_those_who_need_it" {
  command = plan
  module { source = "./modules/secrets" }

  assert {
    condition = tomap({ for key, grant in google_secret_manager_secret_iam_member.accessor : key => "${grant.secret_id} ${grant.role} ${grant.member}" }) == tomap({
      "superset-secret-key/superset"  = "superset-secret-key roles/secretmanager.secretAccessor serviceAccount:biaac-superset@acme"
      "SHOP_PASSWORD/ingest-web-shop" = "SHOP_PASSWORD roles/secretmanager.secretAccessor serviceAccount:biaac-ingest-web-shop@acme"
    })
    error_message = "access is granted secret by secret"
  }
}

run "a_short_random_value_is_refused" {
  command = plan
  module { source = "./modules/secrets" }
  variables { secrets = { key = { accessors = {}, generate_length = 8 } } }
  expect_failures = [var.secrets]
}

run "a_name_with_a_space_is_refused" {
  command = plan
  module { source = "./modules/secrets" }
  variables { secrets = { "SHOP PASSWORD" = { accessors = {} } } }
  expect_failures = [var.secrets]
}
