#!/bin/bash
# Nothing before the OTP, at any point; after it bytes flow both ways and half-close is kept.
# timeout: 120
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; finish; }

OUT=$(mktemp); gw_press anne >"$GW/otp"
mkfifo "$GW/stay"; exec 7<>"$GW/stay" # the client stays until it is told to go
python3 tests/support/early.py 22 anne "$GW/anne.key" webdev 2222 /run/sallyport/vm/webdev/raw "$GW/otp" <"$GW/stay" >"$OUT" 2>"$GW/err" &
PY=$!
gw_wait 60 grep -q 'and bytes flow' "$OUT"
reached() { [ "$(gw_connects webdev) $(gw_connects ssh)" = "1 2" ]; }
gw_wait 15 reached
echo >&7
wait $PY
for point in "before the service request" "after a failed none" "after publickey" \
	"while the OTP is asked for" "after a wrong OTP"; do
	check "channels asked for $point: none confirmed" "~$point: 0 confirmed" "$(grep "^$point" "$OUT")"
done
# The control: session, TCP and Unix are confirmed, and only now was anybody reached.
check "the same three requests after the OTP" "~after the OTP: 3 confirmed, 0 refused" "$(grep '^after the OTP' "$OUT")"
check "  and bytes flow" "and bytes flow: CONTROL" "$(tail -n 1 "$OUT")"
[ ! -s "$GW/err" ] || cat "$GW/err"
check "connects of the SPICE back end: the control's" 1 "$(gw_connects webdev)"
check "connects of the TCP back end: the control's two" 2 "$(gw_connects ssh)"

check "-W TCP without OTP" "" "$(OTP=none gw_talk anne webdev:2222)"
check "-L Unix without OTP" "" "$(OTP=none gw_talk_unix anne /run/sallyport/vm/webdev/raw)"
check "connects after them" "1 2" "$(gw_connects webdev) $(gw_connects ssh)"

check "-W TCP with OTP: up, down, half-close" "HELLOEND 5" "$(gw_talk anne webdev:2222)"
check "connects of the TCP back end" 3 "$(gw_connects ssh)"
check "-L Unix with OTP: up, down, half-close" "HELLOEND 5" "$(gw_talk_unix anne /run/sallyport/vm/webdev/raw)"
gw_ssh anne -N -L "$GW/l.sock:/run/sallyport/vm/webdev/raw" 2>"$GW/err" & L=$!
gw_wait 20 test -S "$GW/l.sock"
check "-L kept open" "HELLOEND 5" "$(python3 tests/support/peer.py talk unix "$GW/l.sock")"
check "a second channel of the same connection" "HELLOEND 5" "$(python3 tests/support/peer.py talk unix "$GW/l.sock")"
gw_end $L
gw_logged 15 '"event":"close"' '"vm":"webdev"' '"right":"raw"' '"bytes_up":5' '"bytes_down":11' &&
	pass "the close is on record, with its bytes" || fail "no close with bytes on record"
gw_logged 15 '"event":"session-end"' '"user":"anne"' && pass "the connection's end is on record" || fail "no session-end on record"

head -c 20000000 /dev/urandom >"$GW/big"
GW_TIMEOUT=120 gw_ssh anne -W webdev:2222 <"$GW/big" 2>"$GW/err" | head -c 20000000 | sha256sum >"$GW/got"
check "20 MB through the gate, upper-cased byte by byte" \
	"$(LC_ALL=C tr a-z A-Z <"$GW/big" | sha256sum)" "$(cat "$GW/got")"
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
