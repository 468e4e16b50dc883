#!/bin/bash
# timeout: 180
# long: 700 ROUNDS=50
# While the daemon is started again, and after kill -9, nobody else can have a VM's
# port. ROUNDS=50 is the long form (raise the time-out with it).
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
BOOT_TIMEOUT=$((${TEST_SECONDS:-600} - 10)) tools/sandbox boot \
	/usr/bin/env BUILD="$BUILD" ROUNDS="${ROUNDS:-6}" bash tests/support/booted_ports.sh
