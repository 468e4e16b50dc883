#!/bin/bash
# bench/scale runs, with little of everything and nothing compared.
# timeout: 120
set -eu
[ -e /run/sallyport-sandbox ] || { echo "only in the copy"; exit 77; }
BUILD=$(realpath "${BUILD:-build}")
export BUILD
make -s BUILD="$BUILD" benches >/dev/null
out=$(VMS=40 USERS=20 LINES=400 CONNS=30 CHANNELS=100 IDLE=1 LIMITS=no bash bench/scale/scale.sh 2>/tmp/bench-words) || {
	cat /tmp/bench-words
	echo "$out"
	exit 1
}
[ "$(grep -c "another's longest wait" <<<"$out")" -ge 10 ] || { echo "FAIL $out"; exit 1; }
sed 's/^ *//; s/  .*//; s/^/ok /' <<<"$out"
