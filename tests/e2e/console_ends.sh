#!/bin/bash
# What ends a real viewer's session, and that a new one works: a grant taken away, a lock,
# the VM, the relay, the supervisor; long: the end of a grant's window. Each within two
# seconds, and in order: the viewer closes.
# timeout: 400
# long: 500 CONSOLE_LONG=yes
. tests/e2e/lib.sh
. tests/support/console.sh

gw_policy() {
	gw_conf
	printf '[vm %s]\nspice = unix:/run/vms/%s.spice\n' books books webdev webdev >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice always' 'maggie books spice always'
}
gw_backends() {
	chown vmhost /run/vms
	vm_start webdev 1f unix:/run/vms/webdev.spice && vm_start books 4f unix:/run/vms/books.spice
}
end() { console_stop; finish; }
raw() { timeout 40 python3 -B tests/support/spice.py "$@" 2>&1; }
# The time is that of its connections' end; to take its windows down is the viewer's own.
ended() { # WHAT TAG: that viewer's connections in time, and it in order; since gw_clock
	local ms
	# What is found gone was gone when it was looked for.
	while ms=$((($(date +%s%N) - START) / 1000000)); [ -n "$(ss -Htn state established 'sport = :15900')" ]; do
		[ $ms -lt 10000 ] || break
		sleep 0.02
	done
	viewer_ends "$2" 30 || { fail "$1: the viewer does not end well: $(cat "$CONSOLE/$2.log")"; viewer_stop "$2"; return; }
	[ $ms -le 2000 ] && pass "$1: the viewer closes, after $ms ms" || fail "$1: after $ms ms only"
}
reason() { gw_logged 20 '"event":"close"' '"user":"anne"' "$1" && pass "  on record: $1" || fail "on record: $(gw_log '"event":"close"' | tail -1)"; }
watch() { # TAG: anne, at webdev
	viewer_start 71 "$1" spice://127.0.0.1:15900
	works "$2" webdev 71 "$1"
}
onlooker() { works "  maggie goes on" books 72 onlooker; }
in_time() { # WHAT COMMAND…: succeeds, in some seconds
	local what=$1 ms
	shift
	gw_clock
	until "$@" >/dev/null 2>&1; do
		[ $((($(date +%s%N) - START) / 1000000)) -lt 20000 ] || break
		sleep 0.05
	done
	ms=$((($(date +%s%N) - START) / 1000000))
	[ $ms -le 15000 ] && pass "$what: after $ms ms" || fail "$what: after $ms ms"
}
links() { [ "$(raw link tcp:127.0.0.1:15900)" = "result 0" ]; }

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
xvfb_start 71 && xvfb_start 72 || end
hold anne anne -L 127.0.0.1:15900:webdev:5900
hold maggie maggie -L 127.0.0.1:15910:books:5900
viewer_start 72 onlooker spice://127.0.0.1:15910

watch granted "anne at webdev"
gw_clock
gw_regrant 'anne webdev spice always until 2020-01-01' 'maggie books spice always'
ended "the grant taken away" granted
onlooker
gw_regrant 'anne webdev spice always' 'maggie books spice always'
watch locked "granted anew"
gw_clock
sallyport lock anne lunch >/dev/null
ended "locked" locked
sallyport unlock anne >/dev/null
onlooker
gw_wait 20 sh -c '! sallyport list connections | grep -q anne'
gw_wait 20 sh -c '! ss -Hltn "sport = :15900" | grep -q .' || fail "her ssh listens still"
hold anne again -L 127.0.0.1:15900:webdev:5900

watch restarted "unlocked, a new connection"
gw_clock
kill -9 "$(cat "$CONSOLE/webdev.vm")"
ended "the VM dies" restarted
console_end "$CONSOLE/webdev.vm"
vm_start webdev 2f unix:/run/vms/webdev.spice || end
onlooker

watch relayed "the VM started again"
gw_clock
kill -9 "$(pgrep -f '^/usr/libexec/sallyport/relay')"
ended "the relay dies" relayed
reason 'the relay ended; bytes unknown'
check "  bytes that it claims to know" 0 "$(gw_log 'the relay ended; bytes unknown' | grep -c '"bytes_')"
viewer_ends onlooker 30 && pass "  maggie's, too" || fail "  maggie's does not end"
in_time "  a link works again" links
gw_wait 20 sh -c '! sallyport list seats | grep -q " taken"'
watch supervised "  and a viewer"

gw_clock
kill -9 "$(cat "$GW/daemon.pid")"
ended "the supervisor dies" supervised
reason 'the daemon was killed; bytes unknown'
in_time "  started again, the same connection serves" links
gw_wait 20 sh -c '! sallyport list seats | grep -q " taken"'
watch last "  and a viewer"
viewer_stop last
gw_wait 20 sh -c '! sallyport list seats | grep -q " taken"'
sleep 0.5
each() { gw_log "\"event\":\"$1\"" | grep -o '"channel":"ch[0-9]*"' | sort; }
check "  numbers that two consoles had" 0 "$(each open | uniq -d | wc -l)"

if [ -n "${CONSOLE_LONG:-}" ]; then
	gw_window 12
	gw_regrant "anne webdev spice $WINDOW" 'maggie books spice always'
	watch windowed "a grant for $WINDOW"
	sleep $((END - $(date +%s) - 1))
	viewer_lives windowed && pass "  a second before that, it goes on" || fail "  it has ended too early"
	START=$((END * 1000000000))
	ended "the window ends" windowed
	reason "grant"
fi
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
end
