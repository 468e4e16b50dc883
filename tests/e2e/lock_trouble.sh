#!/bin/bash
# The admin's way back when something is broken, full or down; and what nobody tells the
# daemon: M killed, a relay that hangs, connections that are too old.
# timeout: 240
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; finish; }

is_broken() { sallyport status | grep -q 'file of locks is broken'; }
down() { [ "$(sallyport status | grep -c DOWN)" -ge "$1" ]; }
no_relay() { ! kill -0 "$RELAY"; }
no_anne() { sallyport list connections >"$GW/list" && ! grep -qw anne "$GW/list"; }
max() { sed -i "/^max_/d; s/^backend_uid.*/&\nmax_$1/" /etc/sallyport/sallyport.conf; gw_reload >/dev/null; }

# --- what is broken or full ------------------------------------------------------
broken() { # WHAT TEXT: a file of locks that cannot be read
	printf "$2" >/var/lib/sallyport/locks; chmod 600 /var/lib/sallyport/locks
	gw_daemon_stop; GW_UP_BY=is_broken gw_daemon
	check "$1: nobody gets in" "" "$(gw_talk maggie books:2222)"
	check "  status says why" "~file of locks is broken" "$(sallyport status)"
	check "  list locks says so" "~all locked" "$(sallyport list locks)"
}
sallyport lock fred >/dev/null
broken "file of locks cut" 'sallyport-locks 1 9\nlock\tanne\t1795252152\tkept\n'
check "  unlock works, for one alone" "~maggie: unlocked" "$(sallyport unlock maggie)"
check "  who is in again" "HELLOEND 5" "$(gw_talk maggie books:2222)"
check "  the broken file is kept" "~kept" "$(cat /var/lib/sallyport/locks.broken)"
gw_daemon_stop; gw_daemon
check "  after a restart maggie gets in" "HELLOEND 5" "$(gw_talk maggie books:2222)"
check "  unlock --all" "~everybody: unlocked" "$(sallyport unlock --all)"
check "  the lock that could be read stays" "" "$(gw_talk anne webdev:2222)"
sallyport unlock anne >/dev/null
broken "file of locks empty" ''
sallyport unlock --all >/dev/null
chmod 666 /var/lib/sallyport/locks; gw_daemon_stop; GW_UP_BY=is_broken gw_daemon
check "file of locks writable by all: nobody gets in" "" "$(gw_talk maggie books:2222)"
sallyport unlock --all >/dev/null
check "  and after unlock --all" "HELLOEND 5" "$(gw_talk maggie books:2222)"
check "  status is content" "0" "$(sallyport status >/dev/null; echo $?)"

# The folder takes nothing more (a full disk looks the same to who writes).
mount -t tmpfs -o size=4k,nr_inodes=2,mode=755 none /mnt && cp -p /var/lib/sallyport/locks /mnt/ 2>/dev/null
mkdir -p "$GW/state"; mount --bind /var/lib/sallyport "$GW/state"; mount --bind /mnt /var/lib/sallyport
check "disk full: lock counts, and says so" "~anne: locked" "$(sallyport lock anne | tee "$GW/said")"
check "  until the next boot" "~until the next boot" "$(cat "$GW/said")"
check "  no way in" "" "$(gw_talk anne webdev:2222)"
check "  status says so" "~cannot be written" "$(sallyport status)"
gw_wait 15 umount /var/lib/sallyport; umount "$GW/state" # a try to write may be at it
gw_wait 30 grep -q anne /var/lib/sallyport/locks && pass "  written when there is room again" || fail "  never written"
check "  status is content" "0" "$(gw_wait 15 sallyport status; echo $?)"
sallyport unlock anne >/dev/null

# Without recorder, verify and names the way back works all the same.
for helper in verify recorder names; do
	mv /usr/libexec/sallyport/$helper "$GW/$helper"
	kill -9 "$(pgrep -xo -f "/usr/libexec/sallyport/$helper.*")"
done
gw_wait 15 down 3
check "without its helpers: status answers" "~DOWN" "$(sallyport status)"
check "  lock" "~not on record yet" "$(sallyport lock maggie)"
check "  disconnect" "~no connection" "$(sallyport disconnect maggie)"
check "  unlock" "~maggie: unlocked" "$(sallyport unlock maggie)"
check "  status counts what waits" "~records wait" "$(sallyport status)"
for helper in verify recorder names; do mv "$GW/$helper" /usr/libexec/sallyport/$helper; done
gw_wait 30 sallyport status || fail "they did not come back"
gw_logged 15 '"event":"lock"' '"user":"maggie"' '"at":"' && pass "  on record later, with its time" || fail "  never on record"
gw_logged 15 '"event":"unlock"' '"user":"maggie"' '"at":"'
check "  in order" "lock unlock" "$(gw_log '"user":"maggie"' '"at":"' | grep -o '"event":"[a-z]*"' | cut -d'"' -f4 | tail -2 | xargs)"
check "  works again" "HELLOEND 5" "$(gw_talk maggie books:2222)"

# --- what nobody tells us ---------------------------------------------------------
gw_channel; kill -9 "$M"; gw_clock
gw_gone "M killed: U goes with it"
gw_channel; gw_daemon_stop; kill -9 "$M"; gw_daemon; gw_clock
gw_gone "M killed while the daemon was down: U goes with it"
gw_logged 10 '"event":"session-end"' 'ended while the daemon was down' && pass "  on record" || fail "  not on record"
gw_channel; gw_daemon_stop; gw_daemon
check "a restart of the daemon keeps the connection" "~anne" "$(sallyport list connections)"
gw_clock; sallyport disconnect anne >/dev/null
gw_gone "  which can be ended"

RELAY=$(pgrep -xo -f /usr/libexec/sallyport/relay)
gw_channel; kill -STOP "$RELAY"; gw_clock
sallyport disconnect anne >/dev/null
gw_gone "the relay hangs: disconnect"
gw_wait 20 no_relay && pass "  it was ended, too" || fail "  it still hangs"
check "  and there is a new one" "HELLOEND 5" "$(gw_talk anne webdev:2222)"

gw_channel; max "idle = 2s"; sleep 3
check "max_idle: with a channel it stays" "~anne" "$(sallyport list connections)"
kill $HELD; wait $HELD 2>/dev/null
gw_wait 15 no_anne && pass "  without one it ends" || fail "  it stays without one"
gw_logged 10 '"event":"session-end"' 'max_idle' && pass "  on record" || fail "  not on record"
wait $SSH 2>/dev/null
max "age = 1h"; gw_channel; max "age = 3s"
gw_wait 15 no_anne && pass "max_age: it ends, channel or not" || fail "max_age: it stays"
gw_logged 10 '"event":"session-end"' 'max_age' && pass "  on record" || fail "  not on record"
check "the log is whole" "0" "$(sallyport audit verify >/dev/null 2>&1; echo $?)"
finish
