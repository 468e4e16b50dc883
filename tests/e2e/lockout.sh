#!/bin/bash
# Nobody is kept out: not by a stranger with everybody's public keys, and not by a thief
# with a private key, who hold prompts open and send wrong OTPs, also from the owner's own
# address. The owners log in meanwhile, in their normal time. LOCKOUT=30 for longer rounds.
# timeout: 500
# long: 600 LOCKOUT=30
. tests/e2e/lib.sh
python3 -c 'import paramiko' 2>/dev/null || { echo "python3-paramiko is missing"; exit 77; }
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="max_prompts = 6"
gw_start >/dev/null || { fail "the gateway did not start"; finish; }
ROUND=${LOCKOUT:-0}
NORMAL=4000 # ms, and what it takes alone: a few hundred, unless the machine is busy

login_ms() { # USER TARGET: "HELLOEND 5" and the milliseconds in $MS
	local start
	start=$(date +%s%N)
	GOT=$(gw_talk "$@")
	MS=$(( ($(date +%s%N) - start) / 1000000 ))
}
owners_try() { # sets WORST (ms), adds to BAD
	local n=0 end=$((SECONDS + ROUND))
	WORST=0
	until [ $((n++)) -ge 3 ] && [ $SECONDS -ge $end ]; do
		login_ms anne webdev:2222
		[ "$GOT" = "HELLOEND 5" ] || { BAD=$((BAD + 1)); sed "s/^/        | /" "$GW/err"; }
		[ "$MS" -le $WORST ] || WORST=$MS
	done
	login_ms maggie books:2222
	[ "$GOT" = "HELLOEND 5" ] || BAD=$((BAD + 1))
}
owners_get_in() { # WHAT
	BAD=0
	owners_try
	[ "$1" != alone ] || NORMAL=$((NORMAL + 4 * WORST))
	for _ in 1 2; do # who is kept out is slow each time, a busy machine now and then
		[ $WORST -le $NORMAL ] || owners_try
	done
	check "$1: the owner's logins that failed, and of another one" 0 "$BAD"
	if [ $WORST -le $NORMAL ]; then pass "  the slowest took $WORST ms"; else fail "  the slowest took $WORST ms"; fi
}
crowd() { # ARGUMENTS of crowd.py: starts it, waits until it is at it; till crowd_ends
	local out
	out=$GW/crowd.$((CROWDS = ${CROWDS:-0} + 1))
	python3 tests/support/crowd.py "$@" >"$out" 2>&1 & GW_CROWD="${GW_CROWD:-} $!"
	gw_wait 30 grep -q ready "$out" || fail "crowd.py $*: $(cat "$out")"
}
crowd_ends() {
	local pid
	for pid in ${GW_CROWD:-}; do kill "$pid"; done
	for pid in ${GW_CROWD:-}; do wait "$pid"; done
	GW_CROWD=
	check "  none of them got in" 0 "$(cat "$GW"/crowd.* | grep -c '^accepted')"
	rm -f "$GW"/crowd.*
}

sallyport print sshd | grep -E '^(MaxStartups|PerSource|LoginGrace)' >"$GW/limits"
check "print sshd sets sshd's own limits (MaxStartups, PerSourceMaxStartups)" 2 "$(grep -c Startups "$GW/limits")"
owners_get_in "alone"

crowd 200 anne "$GW/anne.key" 127.0.0.9 offer 4
crowd 200 maggie "$GW/maggie.key" 127.0.0.1 offer 4
owners_get_in "a stranger with everybody's public keys"
crowd_ends

# More than PerSourceMaxStartups of one address: only that address is kept waiting.
crowd 200 anne "$GW/anne.key" 127.0.0.9 idle 40
owners_get_in "40 connections of one stranger that say nothing"
crowd_ends

crowd 200 anne "$GW/anne.key" 127.0.0.9 hold 8
owners_get_in "a thief with the key holds more prompts than there may be"
crowd_ends

crowd 200 anne "$GW/anne.key" 127.0.0.1 hold 8
owners_get_in "he does so from the owner's own address"
check "  his oldest prompts gave way" "~newer prompts took this one" "$(gw_log '"event":"deny"' max_prompts)"
crowd_ends

crowd 200 anne "$GW/anne.key" 127.0.0.1 wrong 4
crowd 200 anne "$GW/anne.key" 127.0.0.9 wrong 4
owners_get_in "he answers wrong OTPs from there, four at once"
check "  status counts those who wait longer" 0 "$(sallyport status | grep -c ' 0 askers')"
crowd_ends

# And what a wrong one costs: held back, more and more, in one line for all of one address.
gw_daemon_stop; gw_daemon # forgets who was wrong
wrong_ms() { # ADDRESS
	local start
	start=$(date +%s%N)
	OTP=cccccccccccccccccccccccccccccccccccccccccccc gw_talk anne webdev:2222 -b "$1" >/dev/null
	echo $(( ($(date +%s%N) - start) / 1000000 ))
}
least() { if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi; } # the machine only adds
first_ms() { # MS ADDRESS…: the least of MS and a wrong OTP's from there, till it is well below B
	local least=$1 address; shift
	for address in "$@"; do
		[ $((B - least)) -lt 1000 ] || break
		least=$(least "$least" "$(wrong_ms "$address")")
	done
	echo "$least"
}
A=$(wrong_ms 127.0.0.7); for _ in 1 2; do wrong_ms 127.0.0.7 >/dev/null; done; B=$(wrong_ms 127.0.0.7)
A=$(first_ms "$A" 127.0.0.6 127.0.0.5 127.0.0.4 127.0.0.3)
[ $((B - A)) -ge 1000 ] && pass "the first wrong OTP took $A ms, the fourth $B" || fail "the first wrong OTP took $A ms, the fourth $B"
[ "$B" -le 10000 ] && pass "  and is told within 10 s" || fail "  $B ms are too long"
C=$(first_ms "$B" 127.0.0.8 127.0.0.9 127.0.0.10 127.0.0.11 127.0.0.12)
[ $((B - C)) -ge 1000 ] && pass "another address is not concerned: $C ms" || fail "another address: $C ms"
for _ in 1 2 3; do
	login_ms anne webdev:2222 -b 127.0.0.7
	[ "$GOT" = "HELLOEND 5" ] && [ "$MS" -gt $((NORMAL < B ? NORMAL : B)) ] || break
	for _ in 1 2 3 4; do wrong_ms 127.0.0.7 >/dev/null; done # slow: so it was, or the machine
done
check "a right one from there" "HELLOEND 5" "$GOT"
[ "$MS" -le $((NORMAL < B ? NORMAL : B)) ] && pass "  is told at once: $MS ms" || fail "  took $MS ms"
D=$(first_ms "$B" 127.0.0.7 127.0.0.7)
[ $((B - D)) -ge 1000 ] || { login_ms anne webdev:2222 -b 127.0.0.7; D=$(first_ms "$D" 127.0.0.7 127.0.0.7); }
[ $((B - D)) -ge 1000 ] && pass "  and what was wrong before is forgotten: $D ms" || fail "  forgotten? $D ms"
finish
