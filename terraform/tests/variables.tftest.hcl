# What is refused before anything is planned. Each run says several variables wrong at once, each in a way of its own, and
# no variable beside one that its rule reads: such a rule waits. The messages are read by tests/infrastructure/test_bad_input.py.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "google-beta" {}

variables {
  project_id       = "acme-analytics"
  region           = "europe-west1"
  domain           = "example.com"
  viewers          = ["group:sales@example.com"]
  operators        = ["data@example.com"]
  functions_source = "tests/fixtures/functions.zip"
  runbooks_url     = "https://github.com/acme/analytics/blob/main/docs/runbooks"
}

run "the_likeliest_mistakes_are_refused" {
  command = plan
  variables {
    project_id       = "Acme Analytics"
    region           = "europe-west1-b"
    operators        = []
    viewers          = ["allUsers"]
    profile          = "large"
    airbyte          = "open_source"
    sweep_schedule   = "0 * * *"
    network_cidr     = "10.10.0.0"
    budget_amount    = 0
    images           = { cache = "europe-west1-docker.pkg.dev/acme/images/cache:latest" }
    connections      = { "web-shop" = {} }
    labels           = { Team = "Sales" }
    environment      = "pre-prod"
    revision         = "my branch"
    billing_account  = "Acme"
    state_bucket     = "gs://acme-state"
    functions_source = "tests/fixtures/missing.zip"
  }
  expect_failures = [
    var.project_id,
    var.region,
    var.operators,
    var.viewers,
    var.profile,
    var.airbyte,
    var.sweep_schedule,
    var.network_cidr,
    var.budget_amount,
    var.images,
    var.connections,
    var.labels,
    var.environment,
    var.revision,
    var.billing_account,
    var.state_bucket,
    var.functions_source,
  ]
}

run "a_number_a_continent_a_name_and_host_bits_are_refused" {
  command = plan
  variables {
    project_id     = "123456789012"
    region         = "EU"
    operators      = ["data"]
    viewers        = ["allAuthenticatedUsers"]
    sweep_schedule = "0 0 * * * *"
    network_cidr   = "10.10.0.5/24"
    images         = { connections = { shop = "europe-west1-docker.pkg.dev/acme/images/shop:1" } }
    connections    = { web_shop = { secrets = ["password"] } }
  }
  expect_failures = [
    var.project_id,
    var.region,
    var.operators,
    var.viewers,
    var.sweep_schedule,
    var.network_cidr,
    var.images,
    var.connections,
  ]
}

run "a_wildcard_a_public_range_a_foreign_key_and_half_a_repository_are_refused" {
  command = plan
  variables {
    viewers        = ["user:*@example.com"]
    sweep_schedule = "0 24 * * *"
    network_cidr   = "8.8.8.0/24"
    connections    = { web_shop = { image = "acme/web-shop:1" } }
    kms_key        = "projects/acme/locations/us-east1/keyRings/biaac/cryptoKeys/data"
    repository     = { name = "analytics", connection = "projects/acme-analytics/locations/europe-west1/connections/github" }
    airbyte_url    = "https://airbyte.example.com/api/public/v1"
  }
  expect_failures = [
    var.viewers,
    var.sweep_schedule,
    var.network_cidr,
    var.connections,
    var.kms_key,
    var.repository,
    var.airbyte_url,
  ]
}

run "another_domain_a_range_too_small_and_an_airbyte_nowhere_are_refused" {
  command = plan
  variables {
    viewers        = ["user:ana@example.org"]
    sweep_schedule = "every hour"
    network_cidr   = "10.10.0.0/28"
    repository     = { name = "acme/analytics", connection = "projects/acme-analytics/locations/us-east1/connections/github" }
    airbyte        = "self_managed"
    airbyte_url    = null
  }
  expect_failures = [
    var.viewers,
    var.sweep_schedule,
    var.network_cidr,
    var.repository,
    var.airbyte_url,
  ]
}

run "a_domain_that_only_ends_alike_and_an_airbyte_over_plain_http_are_refused" {
  command = plan
  variables {
    viewers     = ["user:ana@not-example.com"]
    airbyte     = "self_managed"
    airbyte_url = "http://airbyte.example.com/api/public/v1"
  }
  expect_failures = [
    var.viewers,
    var.airbyte_url,
  ]
}

run "a_whole_other_domain_and_nowhere_to_read_runbooks_are_refused" {
  command = plan
  variables {
    runbooks_url = null
    viewers      = ["domain:example.org"]
  }
  expect_failures = [
    var.viewers,
    var.runbooks_url,
  ]
}

run "a_machine_as_viewer_and_runbooks_over_plain_http_are_refused" {
  command = plan
  variables {
    runbooks_url = "http://acme.com/runbooks"
    viewers      = ["serviceAccount:x@example.com"]
  }
  expect_failures = [
    var.viewers,
    var.runbooks_url,
  ]
}

run "an_address_is_refused_as_a_domain" {
  command = plan
  variables {
    viewers = []
    domain  = "ana@example.com"
  }
  expect_failures = [
    var.domain,
  ]
}

run "a_domain_without_its_ending_is_refused" {
  command = plan
  variables {
    viewers = []
    domain  = "example"
  }
  expect_failures = [
    var.domain,
  ]
}
