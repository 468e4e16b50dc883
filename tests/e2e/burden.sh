#!/bin/bash
# A gated user's own programs, which may say anything at shell.sock and at the endpoints,
# hold up nobody: not by descriptors that they pass, not by taking all places.
# timeout: 240
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
SOCK=/run/sallyport/shell.sock
gw_hold maggie maggie || fail "no connection"
vms() { GW_TIMEOUT=40 gw_over maggie x vms 2>&1; }
check "before: the other user is answered" "~books" "$(vms)"
PID=$(cat "$GW/daemon.pid")

passes() { # WHAT KIND PATH MESSAGE…: the daemon goes on at once
	local what=$1 pid since
	shift
	: >"$GW/out" # the last one's "done" is none
	kill -STOP "$PID" # so that all of it is there when the daemon looks
	as anne python3 tests/support/burden.py pass "$@" >"$GW/out" 2>&1 & pid=$!
	gw_wait 15 grep -q "done" "$GW/out" || fail "$what: nothing was passed: $(cat "$GW/out")"
	kill -CONT "$PID"
	since=$SECONDS
	check "$what: the other user is answered" "~books" "$(vms)"
	[ $((SECONDS - since)) -le 15 ] && pass "  soon" || fail "  after $((SECONDS - since)) s"
	kill $pid 2>/dev/null; wait $pid 2>/dev/null
}
passes "a descriptor at shell.sock" seqpacket $SOCK
gw_logged 15 'a descriptor was passed' && pass "  on record" || fail "  no record"
passes "a descriptor behind what ends the caller" seqpacket $SOCK garbage
passes "a descriptor at an endpoint" stream /run/sallyport/vm/webdev/raw
check "the daemon is the same" "$PID" "$(cat "$GW/daemon.pid")"

# 2,100 silent callers under 70 uids that only the group lets in.
ulimit -n 8192
GID=$(getent group vmusers | cut -d: -f3)
setpriv --groups "$GID" python3 tests/support/burden.py places $SOCK 300000 70 30 120 >"$GW/places" 2>&1 & HOLD=$!
gw_wait 60 grep -q "done" "$GW/places" || fail "no callers: $(cat "$GW/places")"
pass "callers under many uids: $(cat "$GW/places")"
check "  the other user is answered" "~books" "$(vms)"
kill $HOLD; wait $HOLD 2>/dev/null
finish
