# Values whose form the real provider, or this configuration, asks for; mocks alone would be random letters.

mock_data "google_project" {
  defaults = {
    number = "123456789012"
  }
}

mock_data "google_storage_project_service_account" {
  defaults = {
    email_address = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
  }
}

mock_resource "google_service_account" {
  defaults = {
    email  = "biaac-workload@acme-analytics.iam.gserviceaccount.com"
    id     = "projects/acme-analytics/serviceAccounts/biaac-workload@acme-analytics.iam.gserviceaccount.com"
    member = "serviceAccount:biaac-workload@acme-analytics.iam.gserviceaccount.com"
    name   = "projects/acme-analytics/serviceAccounts/biaac-workload@acme-analytics.iam.gserviceaccount.com"
  }
}

mock_resource "google_cloud_run_v2_service" {
  defaults = {
    uri = "https://service-abcdefghij-ew.a.run.app"
  }
}

mock_resource "google_cloudfunctions2_function" {
  defaults = {
    service_config = {
      uri = "https://function-abcdefghij-ew.a.run.app"
    }
  }
}

mock_resource "google_sql_database_instance" {
  defaults = {
    connection_name = "acme-analytics:europe-west1:biaac"
  }
}

mock_resource "google_compute_network" {
  defaults = {
    id = "projects/acme-analytics/global/networks/biaac"
  }
}

mock_resource "google_compute_subnetwork" {
  defaults = {
    id = "projects/acme-analytics/regions/europe-west1/subnetworks/biaac-run"
  }
}

mock_resource "google_secret_manager_secret" {
  defaults = {
    id = "projects/acme-analytics/secrets/secret"
  }
}

mock_resource "google_artifact_registry_repository" {
  defaults = {
    id = "projects/acme-analytics/locations/europe-west1/repositories/repository"
  }
}

mock_resource "google_cloudbuildv2_repository" {
  defaults = {
    id = "projects/acme-analytics/locations/europe-west1/connections/github/repositories/biaac"
  }
}
