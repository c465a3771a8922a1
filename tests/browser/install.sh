#!/bin/sh
# Debian's Chromium for the browser tests, where it is not there and may be installed. Elsewhere those tests say they are skipped.
set -eu
if command -v chromium >/dev/null 2>&1; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing Debian's chromium for the browser tests."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji >/dev/null
else
  echo "No chromium here: the browser tests will be skipped. Install it to run them."
fi
