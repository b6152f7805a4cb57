"""Policies of our own for checkov, over the plan: what its built-in checks do not know of the services used here.

    checkov --framework terraform_plan --file plan.json --external-checks-dir terraform/policies \
        --repo-root-for-plan-enrichment terraform

Each is one class: what it demands is its name, why stands in its docstring. Checkov loads every file by itself.
"""
