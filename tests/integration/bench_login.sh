#!/bin/bash
# The parts of bench/login run: one round each, nothing timed, nothing compared.
# timeout: 120
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
make -s BUILD="$BUILD" benches >/dev/null
out=$(ROUNDS=1 KEYS=1000 SECONDS_OF_LOAD=1 LIMITS=no bash bench/login/login.sh 2>/tmp/bench-words) || {
	cat /tmp/bench-words
	echo "$out"
	exit 1
}
lines=$(sed -n '/^figure/,/^$/p' <<<"$out" | sed 1d)
[ -n "$lines" ] || { echo "no table: $out"; exit 1; }
missing=$(grep 'not measured' <<<"$lines" || true)
[ -z "$missing" ] || { cat /tmp/bench-words; echo "FAIL $missing"; exit 1; }
grep -v 'not measured' <<<"$lines" | grep . | sed 's/^ *//; s/  .*//; s/^/ok /'
