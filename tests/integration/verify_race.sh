#!/bin/bash
# The same OTP in 8 requests at once, 200 times: accepted exactly once.
set -eu
. tests/support/verify.sh

verify_start_over
# shellcheck disable=SC2086
out=$("$BUILD/tests/verify_load" race 200 $VERIFY)
has "$out" '^200 rounds of 8: 200 accepted, 1400 replayed, 0 rounds without exactly one$' \
	"the same OTP from 8 at once, 200 rounds: exactly one accepted in each"
