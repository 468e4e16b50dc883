#!/bin/bash
# An import of many keys makes no OTP wait. KEYS=100000 is the long form.
# timeout: 180
# long: 300 KEYS=100000
set -eu
. tests/support/verify.sh

[ -x "$BUILD/tests/verify_import_load" ] || { echo "verify_import_load is not built"; exit 77; }
verify_start_over
# shellcheck disable=SC2086
out=$("$BUILD/tests/verify_import_load" "${KEYS:-20000}" $VERIFY)
echo "$out"
has "$out" "^${KEYS:-20000} keys in " "all are imported"
p50=$(sed 's/.*p50 \([0-9]*\) us.*/\1/' <<<"$out")
otps=$(sed 's/.*meanwhile \([0-9]*\) OTPs.*/\1/' <<<"$out")
that "OTPs went on meanwhile" [ "$otps" -ge 5 ]
alone=$(sed 's/.*alone \([0-9]*\) us.*/\1/' <<<"$out")
# Half of them: whoever waits for a processor here, as some do, does not wait for the import;
# nor does who waits for one without an import, too.
that "and waited less than 100 ms" [ "$p50" -lt $((100000 + 20 * alone)) ]
has "$(verify_talk <<<list | grep -c '^vvtt')" "^${KEYS:-20000}$" "each key is there"
