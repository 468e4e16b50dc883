#!/bin/bash
# kill -9 of verify or supervisor at random moments under load: no OTP twice, no access
# without its record nor an open without its close, service back within 5 s. KILLS=300 in the long form.
# timeout: 900
# long: 1500 KILLS=300
. tests/e2e/lib.sh
GW_SSHD="MaxStartups 100:30:200
PerSourceMaxStartups none" gw_start || { fail "the gateway did not start"; finish; }
KILLS=${KILLS:-15}
touch "$GW/go"
worker() { # N: logs in again and again, with fresh OTPs and now and then an old one
	local n=$1 o old=
	while [ -e "$GW/go" ]; do
		o=$(flock "$GW/yk.lock" "$BUILD/tests/yk" press "$GW/anne.yk")
		if [ -n "$old" ] && [ $((RANDOM % 4)) = 0 ]; then o=$old; fi
		echo "$o" >"$GW/otp.w$n"
		if printf hello | GW_OTP="$GW/otp.w$n" GW_ASKED=/dev/null SSH_ASKPASS="$GW/askpass" SSH_ASKPASS_REQUIRE=force \
			timeout 30 ssh -F none -i "$GW/anne.key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
			-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 \
			-W webdev:2222 anne@127.0.0.1 2>/dev/null | grep -q HELLO; then
			echo "$o" >>"$GW/passed.$n"; old=$o
		fi
	done
}
workers=
for n in 1 2 3 4; do worker $n & workers="$workers $!"; done
slow=0 worst=0
passed() { cat "$GW"/passed.* 2>/dev/null | wc -l; }
as_many() { [ "$(passed)" -gt "$1" ]; }
for ((k = 0; k < KILLS; k++)); do
	gw_wait 30 as_many "$k" # on a slow machine logins are as rare as kills
	sleep 0.$((RANDOM % 9 + 1))
	if [ $((RANDOM % 2)) = 0 ]; then
		pid=$(cat "$GW/daemon.pid")
	else
		pid=$(pgrep -xo verify || cat "$GW/daemon.pid")
	fi
	kill -9 "$pid" 2>/dev/null
	start=$(date +%s%N)
	gw_wait 8 sallyport status || slow=$((slow + 1))
	ms=$(( ($(date +%s%N) - start) / 1000000 ))
	[ $ms -gt $worst ] && worst=$ms
	[ $ms -le 5000 ] || slow=$((slow + 1))
done
rm "$GW/go"
# shellcheck disable=SC2086
wait $workers
check "kills of $KILLS after which the service was not back within 5 s (worst $worst ms)" 0 $slow
cat "$GW"/passed.* >"$GW/passed" 2>/dev/null
n=$(wc -l <"$GW/passed")
[ $((n * 3)) -ge "$KILLS" ] && pass "$n logins passed meanwhile" || fail "only $n logins passed meanwhile: no load"
check "OTPs that opened twice" 0 "$(sort "$GW/passed" | uniq -d | wc -l)"
check "counters accepted twice, on record" 0 "$(gw_log '"event":"otp"' '"verdict":"allow"' | grep -o '"key":"[a-z]*","counter":[0-9]*' | sort | uniq -d | wc -l)"
opens=$(gw_log '"event":"open"' | grep -c .)
[ "$opens" -ge "$n" ] && pass "$opens opens on record for $n that passed" || fail "$n passed, but $opens opens on record"
# Who was killed has left it to the next: each open has its one close, each channel a
# number of its own.
gw_wait 20 sh -c 'sallyport status | grep -q "^channels *0"'
each() { gw_log "\"event\":\"$1\"" | grep -o '"channel":"ch[0-9]*"' | sort; }
all_closed() { [ -z "$(diff <(each open) <(each close))" ]; }
gw_wait 15 all_closed # the last ones' records may be on their way
sleep 0.5
check "channels that were opened twice" 0 "$(each open | uniq -d | wc -l)"
check "opens without a close, closes without an open, twice closed" 0 "$(diff <(each open) <(each close) | grep -c '^[<>]')"
# An OTP of each quarter of the time, again.
for line in 1 $((n / 4 + 1)) $((n / 2 + 1)) "$n"; do
	check "OTP number $line again" "" "$(OTP=$(sed -n "${line}p" "$GW/passed") gw_talk anne webdev:2222)"
done
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
