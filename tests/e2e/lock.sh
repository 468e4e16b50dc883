#!/bin/bash
# disconnect, lock and unlock: what is open ends within 2 s, whatever state U is in; a lock
# outlasts a restart.
# timeout: 240
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; finish; }

mkfifo "$GW/fifo"; exec 7<>"$GW/fifo" # an input that stays open
hold() { # opens a connection with one channel that stays; sets SSH, HELD, M, U
	rm -f "$GW/l.sock" "$GW/held"
	gw_ssh anne -N -L "$GW/l.sock:/run/sallyport/vm/webdev/ssh" 2>"$GW/err" & SSH=$!
	gw_wait 10 test -S "$GW/l.sock" || { fail "no connection"; return; }
	echo hello >&7
	timeout 60 socat - "UNIX:$GW/l.sock" <&7 >"$GW/held" 2>/dev/null & HELD=$!
	gw_wait 5 grep -q HELLO "$GW/held" || fail "no channel"
	M=$(pgrep -n -P "$GW_SSHD_PID" -f "sshd: anne \[priv\]"); U=$(pgrep -P "$M" -U anne | head -1)
}
gone() { # WHAT: connection and U are gone within 2 s of START
	local ms
	while [ -e "/proc/$U" ] || sallyport list connections | grep -qw anne; do
		sleep 0.05
		[ $(( ($(date +%s%N) - START) / 1000000 )) -lt 8000 ] || break
	done
	ms=$(( ($(date +%s%N) - START) / 1000000 ))
	if [ $ms -le 2000 ]; then pass "$1: gone after $ms ms"; else fail "$1: gone after $ms ms only"; fi
	wait $SSH $HELD 2>/dev/null
}
start() { START=$(date +%s%N); }

hold; start
check "disconnect a user" "~anne: 1 connection, 1 channel closed (audit seq " "$(sallyport disconnect anne)"
gone "disconnect a user"
gw_logged 3 '"event":"session-end"' 'disconnected by the administrator' && pass "  on record" || fail "  not on record"
check "  M is gone, too" "" "$(ps -o pid= -p "$M")"
check "  who has no connection" "anne has no connection here 1" "$(sallyport disconnect anne) $?"
check "  who does not exist" "~note: there is no user nobodyhere" "$(sallyport disconnect nobodyhere)"
check "  the grants stand" "HELLOEND 5" "$(gw_talk anne webdev:2222)"

hold; id=$(sallyport list connections | grep -ow 'c[0-9]*' | head -1); start
check "disconnect a connection" "~$id: 1 connection, 1 channel closed" "$(sallyport disconnect "$id")"
gone "disconnect a connection"

hold; id=$(sallyport list channels | grep -ow 'ch[0-9]*' | head -1)
check "disconnect a channel" "~$id: 1 channel closed" "$(sallyport disconnect "$id")"
gw_wait 2 bash -c '! sallyport list channels | grep -qw anne' && pass "  it is closed" || fail "  it lives on"
check "  its connection stays" "~anne" "$(sallyport list connections)"

kill -STOP "$U"; start
check "lock" "~anne: locked, 1 connection, 0 channels closed (audit seq " "$(sallyport lock anne lost her laptop)"
gone "lock, U stopped"
check "  list locks" "~lost her laptop" "$(sallyport list locks)"
check "  no way in" "" "$(GW_LEVEL=INFO gw_talk anne webdev:2222)"
check "  with words" "~access is locked" "$(cat "$GW/err")"
check "  maggie is not touched" "HELLOEND 5" "$(gw_talk maggie books:5900)"
check "  explain says so" "~locked" "$(sallyport explain anne webdev ssh)"
gw_daemon_stop; gw_daemon
check "  after a restart of the daemon" "" "$(gw_talk anne webdev:2222)"
check "unlock" "~anne: unlocked" "$(sallyport unlock anne)"
check "  she is in again" "HELLOEND 5" "$(gw_talk anne webdev:2222)"
check "  the file's mode" "600 0" "$(stat -c '%a %u' /var/lib/sallyport/locks)"
check "lock of root" "~cannot be locked" "$(sallyport lock root 2>&1)"
check "lock of one who is not gated" "~fred is not in @vmusers" "$(sallyport lock fred)"
sallyport unlock fred >/dev/null
finish
