# The whole stack as a small company has it. Mocks answer for Google; `random` is real, since mocks know no ephemeral
# resources. Who may do what, as a whole, is asserted on the plan by tests/infrastructure.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "google-beta" {}

variables {
  project_id       = "acme-analytics"
  region           = "europe-west1"
  domain           = "example.com"
  viewers          = ["domain:example.com"]
  operators        = ["data@example.com"]
  functions_source = "tests/fixtures/functions.zip"
  runbooks_url     = "https://github.com/acme/analytics/blob/main/docs/runbooks"
  connections = {
    shop     = {}
    web_shop = { secrets = ["SHOP_PASSWORD"] }
  }
}

run "an_empty_project_needs_one_apply" {
  command = apply

  assert {
    condition     = alltrue([for image in [output.images.cache, output.images.superset, output.images.transform] : startswith(image, "us-docker.pkg.dev/cloudrun/container/")])
    error_message = "without images the placeholders of Google must be deployed, by digest"
  }
}
