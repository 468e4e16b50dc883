#!/bin/bash
# The parts of bench/relay run: one round each, nothing compared.
# timeout: 120
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
make -s BUILD="$BUILD" benches >/dev/null
out=$(PACE_S=0 ROUNDS=1 PAIRS=1 BULK=200 MIX=500 TRIPS=200 IDLE=50 VISITS=64 LINKS=300 LIMITS=no bash bench/relay/relay.sh 2>/tmp/bench-words) || {
	cat /tmp/bench-words
	echo "$out"
	exit 1
}
lines=$(sed -n '/^figure/,/^all medians/p' <<<"$out" | sed '1d; /^all medians/d; /^$/d')
[ -n "$lines" ] || { echo "no table: $out"; exit 1; }
missing=$(grep 'not measured' <<<"$lines" || true)
[ -z "$missing" ] || { cat /tmp/bench-words; echo "FAIL $missing"; exit 1; }
sed 's/^ *//; s/  .*//; s/^/ok /' <<<"$lines"
