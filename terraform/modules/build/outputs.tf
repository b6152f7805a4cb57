output "service_accounts" {
  description = "build (deploys) and build-check (plans pull requests): who they are."
  value = {
    for name, account in google_service_account.main : name => {
      email  = account.email
      member = account.member
      name   = account.name
    }
  }
}
