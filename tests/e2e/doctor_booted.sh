#!/bin/bash
# timeout: 300
# doctor under the real systemd, with Debian's own ssh.service set up as the README
# says: clean; then what only systemd shows.
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
BOOT_TIMEOUT=$((${TEST_SECONDS:-600} - 10)) tools/sandbox boot /usr/bin/env BUILD="$BUILD" bash tests/support/booted_doctor.sh
