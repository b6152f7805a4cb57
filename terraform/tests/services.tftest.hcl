# The three Cloud Run services: cache, ingestion, superset.

mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project_id          = "acme-analytics"
  project_number      = "123456789012"
  region              = "europe-west1"
  image               = "europe-west1-docker.pkg.dev/acme/images/any@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  environment         = { GOOGLE_CLOUD_PROJECT = "acme-analytics" }
  invokers            = { superset = "serviceAccount:biaac-superset@acme", warm-cache = "serviceAccount:biaac-warm-cache@acme" }
  deletion_protection = true
  size                = { cpu = 2, memory_mib = 4096, disk_mib = 1280, result_mib = 128, workers = 3, worker_mib = 768, min_instances = 0, max_instances = 1 }
  database            = "acme-analytics:europe-west1:biaac"
  subnetwork          = { network = "networks/biaac", subnetwork = "subnetworks/biaac-run" }
  secrets             = { SUPERSET_SECRET_KEY = "superset-secret-key", SUPERSET_DATABASE_URL = "superset-database-url" }
  viewers             = ["domain:example.com"]
}

run "the_cache_is_internal_and_asks_who_calls" {
  command = apply
  module { source = "./modules/cache" }

  assert {
    condition     = google_cloud_run_v2_service.main.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" && !google_cloud_run_v2_service.main.invoker_iam_disabled
    error_message = "the cache must be reached from inside only, by named accounts only"
  }
  assert {
    condition     = tomap({ for key, grant in google_cloud_run_v2_service_iam_member.invoker : key => grant.member }) == tomap(var.invokers) && alltrue([for grant in google_cloud_run_v2_service_iam_member.invoker : grant.role == "roles/run.invoker"])
    error_message = "exactly the named workloads may query the cache"
  }
  assert {
    condition     = google_cloud_run_v2_service.main.template[0].service_account == google_service_account.main.email
    error_message = "the cache runs as an account of its own"
  }
  assert {
    condition     = output.url == "grpc+tls://service-abcdefghij-ew.a.run.app:443"
    error_message = "Flight clients are given grpc+tls://host:443"
  }
}

run "the_cache_speaks_grpc_starts_when_it_listens_and_knows_its_size" {
  command = plan
  module { source = "./modules/cache" }

  assert {
    condition     = google_cloud_run_v2_service.main.template[0].containers[0].ports[0].name == "h2c" && google_cloud_run_v2_service.main.template[0].containers[0].ports[0].container_port == 8080
    error_message = "gRPC takes h2c, on 8080"
  }
  assert {
    condition     = google_cloud_run_v2_service.main.template[0].containers[0].startup_probe[0].tcp_socket[0].port == 8080
    error_message = "the start-up probe asks the port it serves"
  }
  assert {
    condition = tomap({ for env in google_cloud_run_v2_service.main.template[0].containers[0].env : env.name => env.value }) == tomap({
      GOOGLE_CLOUD_PROJECT = "acme-analytics", CACHE_HOST = "0.0.0.0"
      CACHE_DISK_MIB       = "1280", CACHE_RESULT_MIB = "128", CACHE_WORKERS = "3", CACHE_WORKER_MIB = "768"
    })
    error_message = "the cache must be told to listen outside, and how much of its memory is for what"
  }
  assert {
    condition     = google_cloud_run_v2_service.main.template[0].scaling[0].min_instance_count == 0 && google_cloud_run_v2_service.main.template[0].containers[0].resources[0].cpu_idle
    error_message = "the cache costs at rest"
  }
}

run "a_cache_larger_than_its_container_is_refused" {
  command = plan
  module { source = "./modules/cache" }
  variables { size = { cpu = 2, memory_mib = 4096, disk_mib = 2048, result_mib = 128, workers = 3, worker_mib = 1024, min_instances = 0, max_instances = 1 } }
  expect_failures = [var.size]
}

run "ingestion_is_internal_asks_who_calls_and_scales_to_zero" {
  command = apply
  module { source = "./modules/ingestion" }

  assert {
    condition     = google_cloud_run_v2_service.main.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" && !google_cloud_run_v2_service.main.invoker_iam_disabled && google_cloud_run_v2_service.main.template[0].scaling[0].min_instance_count == 0
    error_message = "ingestion must be reached from inside only, by named accounts only, and cost nothing at rest"
  }
  assert {
    condition     = tomap({ for key, grant in google_cloud_run_v2_service_iam_member.invoker : key => grant.member }) == tomap(var.invokers)
    error_message = "exactly the named workloads may call ingestion"
  }
  assert {
    condition     = google_cloud_run_v2_service.main.template[0].containers[0].startup_probe[0].http_get[0].path == "/api/public/v1/health" && output.airbyte_url == "https://service-abcdefghij-ew.a.run.app/api/public/v1"
    error_message = "the API is under /api/public/v1, its health too"
  }
}

run "superset_is_open_to_whom_iap_lets_through_and_to_nobody_else" {
  command = apply
  module { source = "./modules/superset" }

  assert {
    condition     = google_cloud_run_v2_service.main.iap_enabled && !google_cloud_run_v2_service.main.invoker_iam_disabled
    error_message = "without Identity-Aware Proxy the dashboards are open to the internet"
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.iap.role == "roles/run.invoker" && google_cloud_run_v2_service_iam_member.iap.member == "serviceAccount:service-123456789012@gcp-sa-iap.iam.gserviceaccount.com"
    error_message = "the agent of Identity-Aware Proxy must be allowed to call Superset"
  }
  assert {
    condition     = google_iap_web_cloud_run_service_iam_member.viewer["domain:example.com"].role == "roles/iap.httpsResourceAccessor" && length(google_iap_web_cloud_run_service_iam_member.viewer) == 1
    error_message = "exactly the viewers are let through"
  }
}

run "superset_reaches_cache_and_database_through_the_network_with_its_secrets" {
  command = plan
  module { source = "./modules/superset" }

  assert {
    condition     = google_cloud_run_v2_service.main.template[0].vpc_access[0].egress == "ALL_TRAFFIC" && google_cloud_run_v2_service.main.template[0].vpc_access[0].network_interfaces[0].subnetwork == "subnetworks/biaac-run"
    error_message = "an internal cache is reached with all traffic through the network only"
  }
  assert {
    condition     = one(google_cloud_run_v2_service.main.template[0].volumes[0].cloud_sql_instance[0].instances) == "acme-analytics:europe-west1:biaac" && google_cloud_run_v2_service.main.template[0].containers[0].volume_mounts[0].mount_path == "/cloudsql"
    error_message = "the database is reached by the connector's socket"
  }
  assert {
    condition = tomap({
      for env in google_cloud_run_v2_service.main.template[0].containers[0].env : env.name => env.value_source[0].secret_key_ref[0].secret if length(env.value_source) > 0
    }) == tomap(var.secrets)
    error_message = "secrets come from Secret Manager"
  }
  assert {
    condition     = google_cloud_run_v2_service.main.template[0].containers[0].startup_probe[0].http_get[0].path == "/health" && google_cloud_run_v2_service.main.template[0].containers[0].ports[0].container_port == 8080
    error_message = "Superset is ready when /health answers"
  }
}

run "everybody_is_refused_as_a_viewer" {
  command = plan
  module { source = "./modules/superset" }
  variables { viewers = ["allUsers"] }
  expect_failures = [var.viewers]
}

run "everybody_with_an_account_is_refused_as_a_viewer" {
  command = plan
  module { source = "./modules/superset" }
  variables { viewers = ["allAuthenticatedUsers"] }
  expect_failures = [var.viewers]
}

run "a_wildcard_is_refused_as_a_viewer" {
  command = plan
  module { source = "./modules/superset" }
  variables { viewers = ["user:*@example.com"] }
  expect_failures = [var.viewers]
}
