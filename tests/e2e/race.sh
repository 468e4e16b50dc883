#!/bin/bash
# One OTP from 8 clients at once: exactly one is accepted, every time. ROUNDS=200 in the
# long form. Each comes from an address of its own: a wrong OTP is told late, and later yet
# with each of one address.
# timeout: 600
# long: 1500 ROUNDS=200
. tests/e2e/lib.sh
GW_SSHD="MaxStartups 100:30:200
PerSourceMaxStartups none" gw_start || { fail "the gateway did not start"; finish; }
ROUNDS=${ROUNDS:-25}
bad=0
for ((i = 0; i < ROUNDS; i++)); do
	O=$(gw_press anne)
	pids=
	for c in 1 2 3 4 5 6 7 8; do
		( cp "$GW/anne.key" "$GW/k$c" 2>/dev/null; echo "$O" >"$GW/otp.$c"
		  printf hello | GW_OTP="$GW/otp.$c" GW_ASKED=/dev/null SSH_ASKPASS="$GW/askpass" SSH_ASKPASS_REQUIRE=force \
			timeout 60 ssh -F none -b 127.0.$((i % 250)).1$c -i "$GW/anne.key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
			-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 \
			-W webdev:2222 anne@127.0.0.1 >"$GW/out.$c" 2>/dev/null ) &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086
	wait $pids
	n=$(cat "$GW"/out.[1-8] | grep -c HELLO)
	[ "$n" = 1 ] || { bad=$((bad + 1)); echo "round $i: $n accepted"; }
done
check "rounds of $ROUNDS in which not exactly one of 8 was accepted" 0 $bad
n=$(gw_log '"event":"otp"' '"verdict":"allow"' | grep -c .)
check "accepted OTPs on record" "$ROUNDS" "$n"
check "counters accepted twice" 0 "$(gw_log '"event":"otp"' '"verdict":"allow"' | grep -o '"key":"[a-z]*","counter":[0-9]*' | sort | uniq -d | wc -l)"
finish
