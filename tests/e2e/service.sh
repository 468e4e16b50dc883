#!/bin/bash
# timeout: 180
# The unit under the real systemd, sandboxed as it says: it comes up, passes a
# login through, comes back after kill -9, reloads, and stops in order.
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
BOOT_TIMEOUT=150 tools/sandbox boot /usr/bin/env BUILD="$BUILD" bash tests/support/booted.sh
