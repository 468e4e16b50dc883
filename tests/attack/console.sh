#!/bin/bash
# Consoles against a user's own programs: cases 28, 29 and 33 of the attempts on sshd, with
# a session of hers that goes on meanwhile; 28 and 29 also where the shell asks for the
# OTP, and her connection is one that was not asked yet. The others: e2e/console_ways.sh.
# timeout: 200
. tests/e2e/lib.sh
export PYTHONPATH=$REPO/tests/support
PLACE=/run/sallyport/vm/webdev/spice

gw_backends() {
	chown vmhost /run/vms
	mkfifo "$GW/orders"
	python3 -B tests/support/spice_server.py tcp:127.0.0.1:20001 --uid "$(id -u vmhost)" --log "$GW/vm.json" <>"$GW/orders" >"$GW/vm.log" 2>&1 &
	GW_PIDS="${GW_PIDS:-} $!"
	gw_wait 60 grep -q ready "$GW/vm.log"
}
gw_policy() {
	gw_conf 'links_per_s = 1000'
	printf '[vm webdev]\nspice = tcp:127.0.0.1:20001\n' >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice always'
}
at_vm() { grep -c '"event": "connect"' "$GW/vm.json"; }
accepted() { gw_log '"event":"otp"' '"verdict":"allow"' | grep -c .; }
spice() { timeout 40 python3 -B tests/support/spice.py "$@" 2>&1; }
outsider() { as anne timeout 150 python3 -B tests/support/outsider.py "$@" 2>&1; }
detached() { # OTP
	rm -f "$GW/home/detached"
	as anne python3 -B tests/support/outsider.py detached "$GW/home/detached" "$1"
	gw_wait 20 test -s "$GW/home/detached"; cat "$GW/home/detached"
}
# A session of hers that stays: sets LIVE and ID.
live() {
	# It outlasts all that is tried meanwhile, on whatever machine.
	timeout 600 python3 -B tests/support/spice.py session "unix:$GW/l.sock" --open display --hold 590 >"$GW/live" 2>&1 & LIVE=$!
	gw_wait 20 grep -q '^display result 0' "$GW/live" || fail "no session: $(cat "$GW/live")"
	ID=$(awk '/^session/ { print $2 }' "$GW/live")
}
lives() { kill -0 $LIVE && ! grep -q closed "$GW/live" && echo yes; }
forge() { # WHAT CHANNEL: nothing that is said at shell.sock is a verdict
	local was
	was="$(at_vm) $(accepted)"
	check "28 $1: whatever one process of the gateway says to another" "answered 0" "$(outsider verdicts "$2")"
	check "28   and her program is nobody at the endpoint" closed "$(as anne timeout 20 python3 -B tests/support/spice.py link unix:$PLACE 2>&1)"
	check "28   nobody is locked" "" "$(sallyport list locks 2>&1 | grep anne)"
	O=$(gw_press anne)
	check "29 $1: her OTP from outside of her connection" "143 143 closed" "$(outsider otp "$O")"
	check "29   from a process whose parent has ended" "143 143 closed" "$(detached "$O")"
	check "29   and such a one is nobody at the endpoint" closed "$(as anne setsid -w timeout 20 python3 -B tests/support/spice.py link unix:$PLACE 2>&1)"
	check "28, 29 $1: connects at the VM, OTPs accepted" "$was" "$(at_vm) $(accepted)"
}

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW/vm.log"; finish; }
install -d -o anne -m 700 "$GW/home"
python3 -B -c "import spice, sys; sys.stdout.buffer.write(spice.link_message())" >"$GW/hello"
GW_TIMEOUT=600 gw_ssh anne -N -M -S "$GW/mux" -L "$GW/l.sock:$PLACE" >"$GW/err" 2>&1 </dev/null & MASTER=$!
gw_wait 20 test -S "$GW/l.sock" || fail "no connection: $(cat "$GW/err")"
live
forge "beside her session" "$(gw_log '"event":"open"' | grep -o '"channel":"ch[0-9]*' | tail -1 | tr -dc 0-9)"
check "28, 29 her console goes on" yes "$(lives)"
check "29 that OTP was not spent: it opens" "some" "$(OTP=$O gw_ssh anne -W webdev:5900 <"$GW/hello" 2>"$GW/err" | wc -c | sed 's/^[1-9].*/some/')"

# 33: U and M die while the daemon does not look, and a program of hers gets U's number.
M=$(pgrep -P "$GW_SSHD_PID" -f 'sshd: anne \[priv\]' | head -1)
U=$(pgrep -P "$M" -u anne)
was=$(at_vm)
kill -STOP "$(cat "$GW/daemon.pid")"
kill -9 "$M" "$U"
gw_wait 20 sh -c "! kill -0 $U 2>/dev/null"
python3 -B tests/support/with_pid.py "$U" setpriv --reuid anne --regid anne --init-groups \
	python3 -B tests/support/spice.py link unix:$PLACE --kind inputs --connection "$ID" >"$GW/again" 2>&1 & AGAIN=$!
gw_wait 20 grep -q spice.py "/proc/$U/cmdline" && pass "33 a program of hers has the number of her sshd process" || fail "33 the number was not to be had: $(cat "$GW/again")"
sleep 1 # it is in the backlog
kill -CONT "$(cat "$GW/daemon.pid")"
wait $AGAIN
check "33   and is nobody at the endpoint, with her session's id" closed "$(cat "$GW/again")"
gw_logged 30 '"verdict":"deny"' '"right":"spice"' "\"pid\":$U" && pass "33   on record" || fail "33 no record: $(tail -3 $AUDIT)"
check "33   the VM has heard nothing of it" "$was" "$(at_vm)"
gw_wait 20 grep -q '^closed' "$GW/live" && pass "33   her console has ended with her connection" || fail "33 her console goes on"
gw_end $LIVE $MASTER

# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="otp = shell"
gw_policy
gw_reload >/dev/null || fail "reload: $(sallyport reload)"
sed -i '/^# sshd for Sallyport/,$d' /etc/ssh/sshd_config
sallyport print sshd >>/etc/ssh/sshd_config
gw_sshd_reload
usermod -s /usr/bin/sallyport-shell anne
rm -f "$GW/l.sock"
OTP=none GW_TIMEOUT=600 gw_ssh anne -N -L "$GW/l.sock:$PLACE" >"$GW/err" 2>&1 </dev/null & MASTER=$!
gw_wait 20 test -S "$GW/l.sock" || fail "no connection: $(cat "$GW/err")"
forge "beside a connection that was not asked yet" 1
check "28, 29 a console over that connection" closed "$(spice link "unix:$GW/l.sock")"
gw_end $MASTER
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
