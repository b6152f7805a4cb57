#!/bin/sh
# The browser the tests drive: found, else installed where this user may, else named with the command that installs it.
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "chromium: installing Debian's package for the browser tests"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "The browser tests need Chromium. Install it, then run make test again:" >&2
echo "  Debian, Ubuntu: sudo apt-get install chromium      Fedora: sudo dnf install chromium      macOS: brew install chromium" >&2
exit 1
