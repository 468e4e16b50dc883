#!/bin/bash
# Consoles and a TCP service by every way into sshd, with the OTP asked by PAM and by the
# shell: before it nothing, after it what is granted, and never for who only runs beside.
# A line's number is the case's in tests/attack/CASES.md. The VM with a console is a
# script; the one with a service is a second real sshd.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD PYTHONPATH=$REPO/tests/support
PLACE=/run/sallyport/vm/webdev/spice

gw_backends() {
	chown vmhost /run/vms
	mkfifo "$GW/orders"
	python3 -B tests/support/spice_server.py tcp:127.0.0.1:20001 --uid "$(id -u vmhost)" --log "$GW/vm.json" <>"$GW/orders" >"$GW/vm.log" 2>&1 &
	GW_PIDS="${GW_PIDS:-} $!"
	gw_vm_sshd
	gw_wait 60 grep -q ready "$GW/vm.log" && gw_wait 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/20022'
}
gw_policy() {
	gw_conf 'links_per_s = 1000'
	printf '[vm webdev]\nspice = tcp:127.0.0.1:20001\nservice.ssh = tcp:127.0.0.1:20022\n\n[vm books]\nservice.ssh = tcp:127.0.0.1:20022\n' >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice,ssh always' 'maggie books ssh always'
}
cell() { check "$MODE $1" "$2" "$3"; }
at_vm() { grep -c '"event": "connect"' "$GW/vm.json"; }
open_at_vm() { echo $(($(at_vm) - $(grep -c '"event": "close"' "$GW/vm.json"))); }
viewer() { timeout 40 python3 -B tests/support/spice.py "$@" 2>&1; }
# A session that stays to the end of what follows, in the background: sets LIVE. What one
# before it said is not taken for its own.
live() {
	: >"$GW/live"
	timeout 230 python3 -B tests/support/spice.py session tcp:127.0.0.1:$PORT --open display --hold 220 >"$GW/live" 2>&1 & LIVE=$!
	gw_wait 20 grep -q '^display result 0' "$GW/live" || fail "$MODE: no session: $(cat "$GW/live")"
}
lives() { kill -0 $LIVE && ! grep -q closed "$GW/live" && echo yes; }
session() { viewer session "$1" --open display inputs | tr '\n' ' ' | grep -q 'display result 0 inputs result 0' && echo yes || echo no; }
denied() { # WHAT WORD…: on record since SEEN
	local what=$1 end=$((SECONDS + 20)) found; shift
	until found=$(tail -n +"$((SEEN + 1))" $AUDIT | grep -F '"verdict":"deny"'); for w in "$@"; do found=$(printf '%s' "$found" | grep -F -- "$w"); done; [ -n "$found" ]; do
		[ $SECONDS -le $end ] || { fail "$MODE $what: no record with: $*"; tail -n +"$((SEEN + 1))" $AUDIT; return; }
		sleep 0.1
	done
	pass "$MODE $what: on record"
	seen
}
seen() { SEEN=$(wc -l <$AUDIT); }
stop_daemon() { kill -STOP "$(cat "$GW/daemon.pid")"; }
go_on() { kill -CONT "$(cat "$GW/daemon.pid")"; }

# A connection with its OTP, at a terminal; its first session, the page, is left at once,
# the connection stays.
hold() { # USER
	python3 -B - "$1" <<-'PY' >"$GW/hold.$1" 2>&1
	import sys
	from terminal import *
	user = sys.argv[1]
	t = Terminal(user, "-tt", "-M", "-S", f"{GW}/{user}.m", "-o", "ControlPersist=yes", timeout=30).answer()
	t.expect("stays")
	t.send("\x04")
	t.expect(pexpect.EOF)
	PY
	gw_wait 20 ssh -F none -S "$GW/$1.m" -O check x || { fail "$MODE: no connection for $1: $(tail -5 "$GW/hold.$1")"; finish; }
}
mux() { local u=$1; shift; timeout 20 ssh -F none -o LogLevel=ERROR -S "$GW/$u.m" "$@"; }
forward() { rm -f "$GW/f.sock"; mux "$1" -O forward "${@:2}" x; }
release() { ssh -F none -S "$GW/$1.m" -O exit x 2>/dev/null; }

python3 -B -c 'import spice, sys; sys.stdout.buffer.write(spice.link_message())' >"$GW/hello"
answer() { gw_ssh "$@" <"$GW/hello" 2>"$GW/err" | wc -c; } # bytes that a greeting brings

listens() { # PORT or a socket's path
	case $1 in
	/*) [ -S "$1" ] ;;
	*) grep -q "^ *[0-9]*: 0100007F:$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp ;;
	esac
}
before_way() { # WHAT PLACE WHERE -L|-D WORDS: a connection without an OTP, and a viewer
	local pid
	rm -f "$GW/l.sock"
	gw_ssh anne -N "$4" "$5" >/dev/null 2>&1 </dev/null & pid=$!
	if [ "$MODE" = shell ]; then # sshd lets this one in, and the gate does not
		gw_wait 20 listens "$2" || fail "$MODE $1: no forward"
	else
		wait $pid
	fi
	cell "$1" no "$(session "$3")"
	pkill -P $pid; wait $pid 2>/dev/null
}
before() {
	export OTP=none
	seen
	cell '2: before the OTP, -W' 0 "$(answer anne -W webdev:5900)"
	before_way '1: -N -L' $((PORT + 5)) tcp:127.0.0.1:$((PORT + 5)) -L 127.0.0.1:$((PORT + 5)):webdev:5900
	before_way '1: -L by a Unix socket' "$GW/l.sock" "unix:$GW/l.sock" -L "$GW/l.sock:$PLACE"
	before_way '3: -D' $((PORT + 6)) socks:$((PORT + 6)):webdev:5900 -D 127.0.0.1:$((PORT + 6))
	cell "4: -W to the console's own address" 0 "$(answer anne -W 127.0.0.1:20001)"
	[ "$MODE" = pam ] || denied '1-3: each try' '"right":"spice"' 'no connection of this user has an accepted OTP'
	cell '1-4: the VM has heard of none of it' 0 "$(open_at_vm)$(at_vm | sed "s/^$1\$//")"
	unset OTP
}

# The control, by each way; then what is none.
after() {
	forward anne -L "$GW/f.sock:$PLACE"
	cell 'after the OTP: -L by a Unix socket' yes "$(session "unix:$GW/f.sock")"
	forward anne -L 127.0.0.1:$PORT:webdev:5900
	cell '  -L by TCP' yes "$(session tcp:127.0.0.1:$PORT)"
	cell '  -W, as a ProxyCommand' yes "$(session "exec:ssh -F none -S $GW/anne.m -W webdev:5900 x")"
	forward anne -D 127.0.0.1:$((PORT + 1))
	cell '  -D' yes "$(session socks:$((PORT + 1)):webdev:5900)"
	cell "3: -D to the console's own address" closed "$(viewer link socks:$((PORT + 1)):127.0.0.1:20001)"
	cell '3: -D to sshd, and to another VM' 'closed closed' "$(viewer link socks:$((PORT + 1)):127.0.0.1:22) $(viewer link socks:$((PORT + 1)):books:2222)"
	cell '4: -W there' 0 "$(mux anne -W 127.0.0.1:20001 x <"$GW/hello" 2>/dev/null | wc -c)"
	cell '5: -W to sshd, to the SSH service itself' '0 0' "$(mux anne -W 127.0.0.1:22 x </dev/null 2>/dev/null | wc -c) $(mux anne -W 127.0.0.1:20022 x </dev/null 2>/dev/null | wc -c)"
	rm -f "$GW/d.sock"
	forward anne -L "$GW/d.sock:/run/sallyport/admin.sock"
	cell "6: -L to other sockets: the daemon's own" closed "$(python3 tests/support/peer.py talk unix "$GW/d.sock" | cut -c1-6)"
	cell '7: a dynamic forward from there (-R PORT)' 255 "$(mux anne -O forward -R 15999 x >/dev/null 2>&1; echo $?)"
	cell '13: a second session of the connection' 0 "$(mux anne x vms >/dev/null 2>&1; echo $?)"
	gw_logged 20 '"event":"session"' '"right":"vms"'
	cell '13: on record by itself' yes "$([ "$(gw_log '"event":"session"' '"right":"vms"' | wc -l)" -ge 1 ] && echo yes)"
	cell "14: its first session has ended: the connection's console opens all the same" yes "$(session tcp:127.0.0.1:$PORT)"
	cell "15: another connection of hers, without an OTP" 0 "$(OTP=none answer anne -W webdev:5900)"
}

# Her own programs on the gateway know all that she knows, and are not her connection.
beside() {
	local id was
	live
	id=$(awk '/^session/ { print $2 }' "$GW/live")
	was=$(at_vm)
	seen
	cell "27: a program of hers with her session's id, at the endpoint" 'closed' "$(as anne timeout 20 python3 -B tests/support/spice.py link unix:$PLACE --kind inputs --connection "$id" 2>&1)"
	denied '27' '"right":"spice"' 'not the sshd process'
	cell "27: at the VM's port" 'closed' "$(as anne timeout 20 python3 -B tests/support/spice.py link tcp:webdev:5900 --kind inputs --connection "$id" 2>&1)"
	denied '27: by TCP' '"right":"spice"' 'not the sshd process'
	cell "27: another user's" 'closed' "$(as maggie timeout 20 python3 -B tests/support/spice.py link unix:$PLACE 2>&1)"
	denied "27: another user's" '"right":"spice"' '"uid":'"$(id -u maggie)"
	stop_daemon
	as anne timeout 30 python3 tests/support/peer.py become-sshd unix $PLACE "$GW/own.conf" >/dev/null 2>&1 & own=$!
	gw_wait 20 pgrep -u anne -f '^sshd: anne \[priv\]' || fail "$MODE 30: it does not become one"
	go_on
	denied '30: connect, then execute sshd' '"right":"spice"' 'not the sshd process'
	pkill -P $own; wait $own 2>/dev/null
	stop_daemon
	as anne python3 tests/support/peer.py orphan tcp "$ADDR" 5900 >/dev/null; go_on
	denied '31: an orphan' '"right":"spice"' 'belongs to no process'
	stop_daemon
	as anne python3 tests/support/peer.py die unix $PLACE >/dev/null; go_on
	denied '31: one that died in the backlog' '"right":"spice"' 'already ended'
	as anne python3 tests/support/peer.py hand-over unix $PLACE >/dev/null
	denied '32: a descriptor handed over by its maker' '"right":"spice"'
	as anne sh -c "mv $PLACE $PLACE.old || ln -s /tmp/x ${PLACE%/*}/x" 2>/dev/null && fail "$MODE 50: she can replace the endpoint" || pass "$MODE 50: nobody replaces the endpoint by a listener of his own"
	cell '27-32: the VM has heard of none of it' "$was" "$(at_vm)"
	cell '27-32: and her console goes on' yes "$(lives)"
}

# What dies under a live console.
killed() {
	local m page id
	: >"$GW/page"
	(sleep 30 | timeout 30 ssh -F none -tt -S "$GW/anne.m" x >"$GW/page" 2>&1) &
	page=$!
	gw_wait 20 grep -q stays "$GW/page" || fail "$MODE: no page: $(cat "$GW/page"; sallyport list connections)"
	kill -9 "$(pgrep -n -u anne -f sallyport-shell)" || fail "$MODE: no page to kill"
	kill $page 2>/dev/null
	cell '53: SIGKILL of a session of the connection: the console goes on' yes "$(sleep 0.3; lives)"
	id=$(awk '/^session/ { print $2 }' "$GW/live")
	kill -9 "$(cat "$GW/daemon.pid")"
	gw_wait 20 grep -q '^closed all' "$GW/live" && pass "$MODE 53: SIGKILL of the daemon: all of the console is closed" || fail "$MODE 53: SIGKILL of the daemon: $(cat "$GW/live")"
	gw_wait 20 sh -c "[ \$(($(at_vm) - \$(grep -c '\"event\": \"close\"' '$GW/vm.json'))) = 0 ]" && pass "$MODE 53:   at the VM, too" || fail "$MODE 53: $(open_at_vm) are open at the VM"
	gw_wait 20 sallyport status || fail "$MODE: the daemon is not back: $(sallyport status)"
	cell '53: started again: the seat is free' '~ free' "$(sallyport list seats)"
	cell '53:   the old session is worth nothing' 'error 8' "$(viewer link tcp:127.0.0.1:$PORT --kind inputs --connection "$id")"
	cell '53:   the connection is known, and needs no new OTP' yes "$(session tcp:127.0.0.1:$PORT)"
	gw_daemon_stop
	cell '50: no daemon: nothing' no "$(session tcp:127.0.0.1:$PORT)"
	gw_daemon
	live
	gw_wait 20 sh -c "[ \$(pgrep -c -P $GW_SSHD_PID -f 'sshd: anne \[priv\]') = 1 ]" || fail "$MODE: anne has other connections"
	m=$(pgrep -P "$GW_SSHD_PID" -f 'sshd: anne \[priv\]')
	gw_clock
	kill -9 "$m"
	gw_wait 20 grep -q '^closed' "$GW/live"
	ms=$((($(date +%s%N) - START) / 1000000))
	if [ $ms -le 2000 ]; then pass "$MODE 53: SIGKILL of M: the console is closed after $ms ms"; else fail "$MODE 53: SIGKILL of M: after $ms ms: $(cat "$GW/live")"; fi
	kill $LIVE 2>/dev/null; wait $LIVE 2>/dev/null
}

# Into the VM itself: a second sshd, which asks nothing of the gateway's.
into_vm() { # what comes before the target, and -J or a ProxyCommand
	timeout 30 ssh -F "$GW/jump.conf" -o LogLevel=ERROR "$@"
}
service() {
	cat >"$GW/jump.conf" <<-CONF
		Host gw
			HostName 127.0.0.1
			User anne
			IdentityFile $GW/anne.key
			NumberOfPasswordPrompts 1
		Host webdev books
			User vmhost
			IdentityFile $GW/root.key
			PreferredAuthentications publickey
		Host *
			IdentitiesOnly yes
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
	CONF
	local over=(-o "ProxyCommand=ssh -F none -S $GW/anne.m -W %h:%p x")
	head -c 300000 /dev/urandom >"$GW/file"
	if [ "$MODE" = pam ]; then
		gw_press anne >"$GW/otp.j"
		cell 'ssh -J gw -p 2222 webdev' vmhost "$(GW_OTP=$GW/otp.j GW_ASKED=$GW/asked SSH_ASKPASS=$GW/askpass SSH_ASKPASS_REQUIRE=force into_vm -J gw -p 2222 webdev id -un 2>"$GW/err")"
		echo >"$GW/otp.j"
		cell '1: without an OTP' 255 "$(GW_OTP=$GW/otp.j GW_ASKED=$GW/asked SSH_ASKPASS=$GW/askpass SSH_ASKPASS_REQUIRE=force into_vm -J gw -p 2222 webdev id -un >/dev/null 2>&1; echo $?)"
	else
		cell '1: ssh -J, whose connection never has a session' 255 "$(into_vm -J gw -p 2222 webdev id -un </dev/null >/dev/null 2>&1; echo $?)"
	fi
	cell 'into the VM over a shared connection' vmhost "$(into_vm "${over[@]}" -p 2222 webdev id -un 2>&1)"
	cell '  its exit status' 7 "$(into_vm "${over[@]}" -p 2222 webdev exit 7; echo $?)"
	timeout 30 scp -F "$GW/jump.conf" -q "${over[@]}" -P 2222 "$GW/file" webdev:/tmp/file.vm 2>/dev/null
	cmp -s "$GW/file" /tmp/file.vm && pass "$MODE   scp into it" || fail "$MODE   scp into the VM"
	rm -f /tmp/file.vm
	cell '  another VM: refused' 255 "$(into_vm "${over[@]}" -p 2222 books true >/dev/null 2>&1; echo $?)"
}

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW"/vm*log; finish; }
gw_own_sshd
for u in anne maggie; do usermod -s /usr/bin/sallyport-shell $u; done
ADDR=$(getent hosts webdev | awk '{print $1}')

all() {
	before "$(at_vm)"
	hold anne
	after
	beside
	service
	killed
	release anne
}
MODE=pam PORT=15900
all
MODE=shell PORT=15910
GW_CONF="otp = shell"
gw_policy
sallyport reload >/dev/null || fail "reload: $(sallyport reload)"
sed -i '/^# sshd for Sallyport/,$d' /etc/ssh/sshd_config
sallyport print sshd >>/etc/ssh/sshd_config
gw_sshd_reload
all
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
