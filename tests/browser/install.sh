#!/bin/sh
# Debian's Chromium for the browser tests, where it may be installed: the small one without windows, else the usual one.
# Elsewhere those tests take whichever is there, or say they are skipped.
set -eu
if command -v chromium-headless-shell >/dev/null 2>&1; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" fonts-noto-color-emoji >/dev/null 2>&1; }
  echo "Installing Debian's chromium-headless-shell for the browser tests."
  apt-get update -qq >/dev/null 2>&1 || true
  install chromium-headless-shell || command -v chromium >/dev/null 2>&1 || install chromium || true
fi
if ! command -v chromium-headless-shell >/dev/null 2>&1 && ! command -v chromium >/dev/null 2>&1; then
  echo "No chromium here: the browser tests will be skipped. Install it to run them."
fi
