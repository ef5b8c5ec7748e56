#!/bin/sh
# Chromium for the tests marked `browser`: installed where this user may, else the package is named.
command -v chromium >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "The browser tests need Chromium: apt-get install chromium (Debian), dnf install chromium (Fedora)." >&2
exit 2
