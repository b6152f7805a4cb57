# A small company: everything at zero at rest but the database. Copy to terraform/prod.tfvars.
project_id = "acme-analytics"
region     = "europe-west1"

domain    = "example.com"
viewers   = ["domain:example.com"]
operators = ["data@example.com"]

runbooks_url = "https://github.com/acme/analytics/blob/main/docs/runbooks"
