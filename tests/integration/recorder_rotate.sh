#!/bin/bash
# The recorder and its supervisor's part, killed at each step of a rotation, under
# load: each answered record is in exactly one file, the chain holds over all.
# KILLS=1000 is the long form.
# timeout: 300
# long: 600 KILLS=700
set -eu
die() { echo "$*"; exit 1; }
id _sallyport-record >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-record
rm -rf /var/log/rotate-test
mkdir -m 750 /var/log/rotate-test
"$BUILD/tests/log_driver" kill "$BUILD/recorder" /var/log/rotate-test "${KILLS:-70}" 2>/dev/null ||
	die "$("$BUILD/tests/log_driver" kill "$BUILD/recorder" /var/log/rotate-test 1 2>&1 | tail -n 5)"
[ ! -e /var/log/rotate-test/audit.jsonl.new ] || die "a rotation was left half done"
[ -z "$(find /var/log/rotate-test -type f -links +1)" ] || die "a file has two names"
echo "ok nothing is left half done"
