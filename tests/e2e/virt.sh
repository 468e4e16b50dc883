#!/bin/bash
# VMs that listen nowhere: a console through sshd and the gate over QEMU's control
# socket, from scripted servers of all kinds and from a real QEMU.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
QMP=$REPO/tests/support/qmp_server.py
SERVER=
serve() { # MODE [UID]: what stands at books' control socket
	[ -z "$SERVER" ] || { kill "$SERVER"; wait "$SERVER" 2>/dev/null; }
	rm -f /run/vms/books.qmp /run/vms/books.qmp.count
	: >"$GW/qmp.ready"
	python3 "$QMP" /run/vms/books.qmp "$1" "${2:-$(id -u vmhost)}" >"$GW/qmp.ready" 2>"$GW/qmp.err" & SERVER=$!
	gw_wait 20 grep -q ready "$GW/qmp.ready" || fail "$1: no server: $(cat "$GW/qmp.err")"
}
console() { # USER VM: what a SPICE client is told; 6 is the script's own, 1 the gate's
	local pid
	rm -f "$GW/$1.sock"
	GW_TIMEOUT=60 gw_ssh "$1" -N -L "$GW/$1.sock:/run/sallyport/vm/$2/spice" >/dev/null 2>"$GW/err" & pid=$!
	gw_wait 30 test -S "$GW/$1.sock" && timeout 30 python3 -B tests/support/spice.py link "unix:$GW/$1.sock" --wait 20
	pkill -P $pid
	wait $pid 2>/dev/null
}
state_of() { sallyport list vms --json | python3 -c 'import json,sys; print([r["state"] for r in json.load(sys.stdin) if r["vm"] == sys.argv[1]][0])' "$1"; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
[ -z "${VIRT_STRACE:-}" ] || { mv /usr/libexec/sallyport/virt /usr/libexec/sallyport/virt.real; printf "#!/bin/sh\nexec strace -f -o %s.\$\$ /usr/libexec/sallyport/virt.real \"\$@\"\n" "$VIRT_STRACE" >/usr/libexec/sallyport/virt; chmod 755 /usr/libexec/sallyport/virt; }
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
check "without such VMs no process of virt runs" "" "$(sallyport status | grep virt)"

chown vmhost /run/vms
cat >/etc/sallyport/vms.conf <<'CONF'
[vm books]
title = the books
spice = qmp:/run/vms/books.qmp
vnc = qmp:/run/vms/books.qmp

[vm webdev]
title = web server for development
spice = qmp:/run/vms/webdev.qmp
service.ssh = tcp:127.0.0.1:20022
CONF
sed -i 's/^maggie .*/maggie books spice,vnc always/; s/,raw//' /etc/sallyport/vm_mappings
serve good
gw_reload >"$GW/reload" 2>&1 && pass "reload" || fail "reload: $(cat "$GW/reload")"
sed -i '/^# BEGIN sallyport/,/^# END sallyport/d' /etc/hosts; gw_hosts
sed -i '/^# sshd for Sallyport/,$d' /etc/ssh/sshd_config; sallyport print sshd >>/etc/ssh/sshd_config
gw_sshd_reload
check "now one does, for the control sockets" 1 "$(sallyport status | grep -c '^virt')"
gw_wait 20 is_state books running && pass "list vms tells the state" || fail "state: $(state_of books)"
check "its account" _sallyport-virt "$(ps -o user:20= -p "$(pgrep -f '[v]irt --qmp')")"
check "  with its system calls filtered" 2 "$(awk '/^Seccomp:/ {print $2}' "/proc/$(pgrep -f '[v]irt --qmp')/status")"

check "a console over the control socket" "error 6" "$(console maggie books)"
check "  and by VNC" "RFB 003.008" "$(gw_talk maggie books:5800)"
check "  and to who has no grant" closed "$(console anne books)"
check "one connection for all of it" 1 "$(cat /run/vms/books.qmp.count)"
gw_logged 20 '"event":"close"' '"vm":"books"' '"right":"spice"' && pass "on record" || fail "no record"

# Each kind of bad server: denied, in time, with a reason; never a hang.
told() { tail -n +"$(($1 + 1))" $AUDIT | grep '"event":"deny".*"vm":"books"' | grep -Eq "$2"; } # LINES REASON
# One that is no good is left for a while: who comes then waits, perhaps too long.
bad() { # MODE REASON
	local began=$SECONDS logged
	logged=$(wc -l <$AUDIT)
	serve "$1"
	check "$1: nothing comes" "error 1" "$(console maggie books)"
	[ $((SECONDS - began)) -le 60 ] && pass "$1: in time" || fail "$1: $((SECONDS - began)) s"
	gw_wait 20 told "$logged" "$2" && pass "$1: the record says why" ||
		fail "$1: $(gw_log '"event":"deny"' | tail -1)"
	kill -0 "$(pgrep -f '[v]irt --qmp')" && pass "$1: the process lives" || fail "$1: the process is gone"
}
bad refuse "the VM has no such console"
bad nonsense "QEMU's control socket cannot be used|does not answer in time"
bad close "QEMU's control socket cannot be used|does not answer in time"
serve good "$(id -u fred)"
check "somebody else at the socket: nothing comes" "error 1" "$(console maggie books)"
gw_logged 20 '"event":"deny"' "someone else than backend_uid allows" && pass "  and the record says so" || fail "stranger: $(gw_log '"event":"deny"' | tail -1)"
serve good
check "a good one again: it is found" "error 6" "$(console maggie books)"

# One that hangs keeps nobody else waiting: a real QEMU meanwhile.
if command -v qemu-system-x86_64 >/dev/null; then
	QEMU=(setpriv --reuid vmhost --regid vmhost --clear-groups qemu-system-x86_64 -name webdev -machine pc -m 32 -nodefaults -no-user-config -vga std
		-display none -spice port=0 -qmp "unix:/run/vms/webdev.qmp,server=on,wait=off")
	"${QEMU[@]}" >"$GW/qemu.log" 2>&1 & GW_PIDS="$GW_PIDS $!"
	gw_wait 60 test -S /run/vms/webdev.qmp || fail "no QEMU: $(cat "$GW/qemu.log")"
	gw_wait 60 is_state webdev running && pass "a real QEMU: running" || fail "QEMU: $(state_of webdev) $(cat "$GW/qemu.log") $(tail -5 "$GW/daemon.log")"
	serve hang
	console maggie books >"$GW/hanging" & HANG=$!
	gw_press anne >"$GW/otp.anne"
	export GW_OTP=$GW/otp.anne GW_ASKED=$GW/asked SSH_ASKPASS=$GW/askpass SSH_ASKPASS_REQUIRE=force
	check "  SPICE through sshd, though QEMU listens nowhere" "~SPICE session 0x" "$(timeout 60 "$BUILD/tests/spice_link" run \
		ssh -F none -i "$GW/anne.key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR -W webdev:5900 anne@127.0.0.1 2>&1)"
	check "  nothing listens there but the control socket" "" "$(ss -Hltnp | grep qemu)"
	wait $HANG
	check "  while another VM's QEMU hangs" "error 1" "$(cat "$GW/hanging")"
else
	echo "skipped: no qemu-system-x86_64 here"
fi
serve pause; gw_wait 20 is_state books running
echo STOP >/run/vms/books.qmp.state
gw_wait 20 is_state books paused && pass "an event: paused" || fail "paused: $(state_of books)"
echo RESUME >/run/vms/books.qmp.state
gw_wait 20 is_state books running && pass "an event: running" || fail "running: $(state_of books)"
kill -9 "$(pgrep -f '[v]irt --qmp')"
gw_wait 30 is_state books running && pass "killed, it comes again" || fail "after a kill: $(sallyport status | grep virt)"

gw_policy; gw_reload >/dev/null 2>&1
gw_wait 20 sh -c '! sallyport status | grep ^virt && ! pgrep -f "[v]irt --qmp"' && pass "without such VMs it ends" || fail "it lives: $(sallyport status | grep ^virt)"
kill "$SERVER" 2>/dev/null
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
