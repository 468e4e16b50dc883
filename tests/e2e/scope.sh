#!/bin/bash
# timeout: 300
# The end of a connection where pam_systemd gives it a cgroup of its own, under the real
# systemd and the unit's sandbox: all that ran in it goes, nothing else does.
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
BOOT_TIMEOUT=$((${TEST_SECONDS:-600} - 10)) tools/sandbox boot /usr/bin/env BUILD="$BUILD" bash tests/support/booted_scope.sh
