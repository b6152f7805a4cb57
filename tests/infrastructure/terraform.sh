#!/bin/sh
# The terraform that the tests of terraform/ drive: found, or named with the way to install it.
if ! command -v terraform >/dev/null 2>&1; then
  echo "The tests of terraform/ need terraform >= 1.11. Install it, then run make test again:" >&2
  echo "  https://developer.hashicorp.com/terraform/install" >&2
  exit 1
fi
