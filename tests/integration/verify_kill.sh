#!/bin/bash
# kill -9 at 100 random moments under load: what was accepted stays spent.
# timeout: 300
set -eu
. tests/support/verify.sh

verify_start_over
# shellcheck disable=SC2086
out=$("$BUILD/tests/verify_load" kill 100 $VERIFY 2>&1) || { echo "$out"; exit 1; }
has "$out" '^100 kills, [0-9]+ accepted, 0 violations$' \
	"100 kills under load: no OTP twice, no counter fell ($(tail -n 1 <<<"$out"))"
