"""What Cloud Build does beyond commands of others: the deployment, the way back, and the check of cloudbuild.yaml."""
