#!/bin/bash
# timeout: 180
# The unit under the real systemd, sandboxed as it says: ready when it can be used,
# what lives through a restart, the watchdog, reload, the journal, and how much
# `systemd-analyze security` finds.
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
BOOT_TIMEOUT=$((${TEST_SECONDS:-600} - 10)) tools/sandbox boot /usr/bin/env BUILD="$BUILD" bash tests/support/booted_service.sh
