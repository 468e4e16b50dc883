#!/bin/bash
# The demo, which a newcomer sees first, goes as told, on a screen of 80 columns.
# timeout: 120
set -u
[ -e /run/sallyport-sandbox ] || { echo "runs in the disposable copy only (tools/sandbox run)"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
shown=$(mktemp /tmp/demo.XXXXXX)
tools/demo >"$shown" 2>&1 </dev/null
rc=$?
sed -n 's/^ *-> \([^W]\)/ok    \1/p' "$shown"
if [ $rc = 0 ]; then echo "ok    all of it"; else echo "FAIL  exit $rc:"; cat "$shown"; fi
if LC_ALL=C.UTF-8 grep -E '.{81}' "$shown"; then echo "FAIL  longer than 80 columns (above)"; rc=1; else echo "ok    80 columns"; fi
exit $rc
