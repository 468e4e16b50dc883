#!/bin/bash
# Both ways to ask for the OTP, times every way into sshd: before the OTP nothing, after
# it what is granted. Each line is a cell: PATH, before or after, way, what came of it.
# timeout: 240
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD PYTHONPATH=$REPO/tests/support
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
for u in anne maggie; do usermod -s /usr/bin/sallyport-shell $u; done
cat >"$GW/socks.py" <<'PY'
"""socks.py PORT HOST PORT: talk through a SOCKS5 proxy (ssh -D)."""
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
try:
    s.sendall(b"\5\1\0"); s.recv(2)
    h = sys.argv[2].encode()
    s.sendall(b"\5\1\0\3" + bytes([len(h)]) + h + struct.pack(">H", int(sys.argv[3])))
    answer = s.recv(10)
    s.sendall(b"hello"); s.shutdown(socket.SHUT_WR)
    data = b""
    while chunk := s.recv(4096):
        data += chunk
    print(data.decode().replace("\n", " ").strip() if answer[1:2] == b"\0" else "")
except OSError:
    print("")
PY
policy() {
	gw_policy
	cat >/etc/sallyport/vm_mappings <<-CONF
	anne     webdev  spice,ssh,raw  always
	maggie   host    shell      always
	CONF
	gw_reload >/dev/null
}
policy
PORT=15000
free_port() { # sets PORT to one that nobody listens at
	until PORT=$((PORT + 1)); ! (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do :; done
}
connects() { echo "$(gw_connects webdev) $(gw_connects ssh) $(gw_connects books)"; }
cell() { # WAY EXPECTED GOT
	check "$MODE $WHEN: $1" "$2" "$3"
}
quiet() { gw_ssh "$@" >"$GW/out" 2>"$GW/err" </dev/null; RC=$?; }
# What comes through -L, -D or a Unix socket of a connection that is opened for it.
through() { # USER KIND [ssh options]: prints what came
	local user=$1 kind=$2 pid PORT; shift 2
	PORT=$((16000 + BASHPID % 3000)); free_port # the last one's client may still be there
	case $kind in
	L) gw_ssh "$user" -N -L $PORT:webdev:2222 "$@" >/dev/null 2>"$GW/err" & pid=$! ;;
	D) gw_ssh "$user" -N -D $PORT "$@" >/dev/null 2>"$GW/err" & pid=$! ;;
	esac
	until (exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null || ! kill -0 $pid 2>/dev/null; do
		sleep 0.05
	done
	if kill -0 $pid 2>/dev/null; then
		if [ $kind = L ]; then python3 "$REPO/tests/support/peer.py" talk tcp 127.0.0.1 $PORT
		else python3 "$GW/socks.py" $PORT webdev 2222; fi
	fi
	gw_end $pid
}
nothing() { case $1 in ''|closed*) echo nothing ;; *) echo "$1" ;; esac; }

# Every way without an OTP. RCs: 255 ssh did not let in; 77 sallyport-shell did not.
before() { # RC of a session
	WHEN=before
	local rc=$1 was
	was=$(connects)
	export OTP=none
	quiet anne; cell "ssh" "$rc " "$RC $(cat "$GW/out")"
	quiet maggie -- id; cell "a command" "$rc " "$RC $(cat "$GW/out")"
	quiet maggie -T -- id; cell "-T" "$rc " "$RC $(cat "$GW/out")"
	quiet maggie -s -- sftp; cell "-s sftp" "$rc " "$RC $(cat "$GW/out")"
	quiet maggie -- internal-sftp; cell "sftp-server as a command" "$rc " "$RC $(cat "$GW/out")"
	cell "-N -L" nothing "$(nothing "$(through anne L)")"
	cell "-D" nothing "$(nothing "$(through anne D)")"
	cell "-L to a Unix socket" nothing "$(nothing "$(gw_talk_unix anne /run/sallyport/vm/webdev/raw)")"
	cell "-W" nothing "$(nothing "$(gw_talk anne webdev:2222)")"
	quiet anne -N -o ExitOnForwardFailure=yes -R 19999:127.0.0.1:22; cell "-R" "255" "$RC"
	quiet anne -N -o ExitOnForwardFailure=yes -R "/tmp/r.sock:/tmp/x"; cell "-R to a Unix socket" "255" "$RC"
	[ ! -e /tmp/r.sock ] && pass "$MODE before: no socket of -R" || fail "$MODE before: a socket of -R"
	GW_TIMEOUT=6 quiet anne -N -o ExitOnForwardFailure=yes -w any:any; [ "$RC" != 0 ] && pass "$MODE before: -w: refused" || fail "$MODE before: -w"
	DISPLAY=:99 quiet maggie -X -- 'echo $DISPLAY'; cell "-X" "$rc " "$RC $(cat "$GW/out")"
	quiet maggie -A -- 'echo $SSH_AUTH_SOCK'; cell "-A" "$rc " "$RC $(cat "$GW/out")"
	cell "no back end was reached by any of them" "$was" "$(connects)"
	unset OTP
}

# Every way over a connection MUX whose OTP was accepted.
after() {
	WHEN=after
	local mux
	mux() { # USER [options] [-- command]
		local u=$1; shift
		timeout 30 ssh -F none -o LogLevel=ERROR -S "$GW/$u.m" "$@"
	}
	cell "ssh" "0 anne on" "$(mux anne x >"$GW/out" 2>&1 </dev/null; echo "$? $(head -c 7 "$GW/out")")"
	cell "-tt" "~webdev" "$( (sleep 1; printf '\4') | mux anne -tt x 2>&1)"
	cell "a command that is not granted" 77 "$(mux anne x id >/dev/null 2>&1; echo $?)"
	cell "a command that is" "0 maggie" "$(mux maggie x id -un 2>&1 | { read -r n; echo "0 $n"; })"
	cell "-T" "maggie" "$(mux maggie -T x id -un)"
	cell "-s sftp that is not granted" 77 "$(mux anne -s x sftp >/dev/null 2>&1 </dev/null; echo $?)"
	cell "-s sftp that is" 0 "$(echo pwd | sftp -F none -q -o ControlPath="$GW/maggie.m" -b - x >/dev/null 2>&1; echo $?)"
	cell "-W" "HELLOEND 5" "$(printf hello | mux anne -W webdev:2222 x 2>/dev/null | tr '\n' ' ' | sed 's/ $//')"
	cell "-W of another, without that grant" nothing "$(nothing "$(printf hello | mux maggie -W webdev:2222 x 2>/dev/null)")"
	cell "-W to a VM that is not granted" nothing "$(nothing "$(printf hello | mux anne -W books:2222 x 2>/dev/null)")"
	cell "-W to sshd itself" nothing "$(nothing "$(printf hello | mux anne -W 127.0.0.1:22 x 2>/dev/null)")"
	cell "-W to the back end past the gate" nothing "$(nothing "$(printf hello | mux anne -W 127.0.0.1:20022 x 2>/dev/null)")"
	free_port; mux anne -O forward -L $PORT:webdev:2222 x
	cell "-L" "HELLOEND 5" "$(python3 tests/support/peer.py talk tcp 127.0.0.1 $PORT)"
	rm -f "$GW/u.sock"; mux anne -O forward -L "$GW/u.sock:/run/sallyport/vm/webdev/raw" x
	cell "-L to a Unix socket" "HELLOEND 5" "$(python3 tests/support/peer.py talk unix "$GW/u.sock")"
	free_port; mux anne -O forward -D $PORT x
	cell "-D" "HELLOEND 5" "$(python3 "$GW/socks.py" $PORT webdev 2222)"
	cell "-D to elsewhere" "" "$(python3 "$GW/socks.py" $PORT 127.0.0.1 22)"
	cell "-R" 255 "$(mux anne -O forward -R 19999:127.0.0.1:22 x >/dev/null 2>&1; echo $?)"
	cell "-R to a Unix socket" 255 "$(mux anne -O forward -R /tmp/r.sock:/tmp/x x >/dev/null 2>&1; echo $?)"
	cell "-X" "" "$(DISPLAY=:99 mux maggie -X x 'echo $DISPLAY' 2>/dev/null)"
	cell "-A" "" "$(mux maggie -A x 'echo $SSH_AUTH_SOCK')"
	cell "no agent's socket was made" "" "$(ls -d /tmp/ssh-*/agent.* 2>/dev/null)"
}
hold() { # USER: a connection with its OTP, at a terminal
	python3 - "$1" <<-'PY' >"$GW/hold.$1" 2>&1 &
	import sys, time
	from terminal import *
	user = sys.argv[1]
	t = Terminal(user, "-tt", "-M", "-S", f"{GW}/{user}.m", timeout=600).answer()
	t.expect(["stays", r"\$ "])
	t.expect(pexpect.EOF)
	PY
	HELD="$HELD $!"
	gw_wait 60 ssh -F none -S "$GW/$1.m" -O check x || fail "$MODE: no connection for $1: $(tail -5 "$GW/hold.$1")"
}
# One page and one shell more than before are on record: both connections have their OTP.
pages() { grep -c '"event":"session".*"right":"page"' $AUDIT; }
shells() { grep -c '"event":"session".*"user":"maggie".*"right":"shell"' $AUDIT; }
more() { [ "$(pages)" -gt "$1" ] && [ "$(shells)" -gt "$2" ]; }
hold_both() {
	local before
	before="$(pages) $(shells)"
	hold anne
	hold maggie
	# shellcheck disable=SC2086
	gw_wait 60 more $before || fail "$MODE: no session on record"
}
release() {
	local u
	for u in anne maggie; do ssh -F none -S "$GW/$u.m" -O exit x 2>/dev/null; done
	# shellcheck disable=SC2086
	wait $HELD
	HELD=
}

HELD=
MODE=pam
before 255
hold_both
after
release

MODE=shell
GW_CONF="otp = shell"
policy
sallyport check >"$GW/check" 2>&1 || fail "check: $(cat "$GW/check")"
sed -i '/^# sshd for Sallyport/,$d' /etc/ssh/sshd_config
sallyport print sshd >>/etc/ssh/sshd_config
gw_sshd_reload
before 77
hold_both
after
WHEN=after
cell "a second connection has nothing of it: -W" nothing "$(nothing "$(gw_talk anne webdev:2222)")"
cell "  and no session without a terminal" 77 "$(quiet anne; echo $RC)"
release
WHEN=
gw_wait 10 bash -c '[ "$(sallyport list connections --json 2>/dev/null | grep -c anne)" = 0 ]'
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
