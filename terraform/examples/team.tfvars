# A team that looks at dashboards all day, deploys from GitHub and has a budget. Copy to terraform/prod.tfvars.
project_id = "acme-analytics"
region     = "europe-west1"
profile    = "team"

domain    = "example.com"
viewers   = ["group:management@example.com", "group:sales@example.com"]
operators = ["data@example.com", "it@example.com"]

# What a file in connections/ does not say of itself: a larger job, a source inside the company's network.
# connections = {
#   web_shop = { memory = "2Gi", subnetwork = "projects/acme-network/regions/europe-west1/subnetworks/sources" }
# }

repository = {
  name       = "acme/analytics"
  connection = "projects/acme-analytics/locations/europe-west1/connections/github"
}
require_approval = true

billing_account = "012345-6789AB-CDEF01"
budget_amount   = 150

labels = { cost_center = "sales" }
