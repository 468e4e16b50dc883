#!/bin/bash
# A connection is ended while sshd is still bringing its user's process into being: forked,
# but root's as yet, and its parent not ready for signals. strace makes these moments long.
# timeout: 120
. tests/e2e/lib.sh
command -v strace >/dev/null || { echo "strace is missing"; exit 77; }
SLOW="strace -D -f -qq -o $GW/calls -e trace=clone,setgroups -e signal=none"
# The fourth process that sshd makes for a connection is the user's.
GW_SSHD_BY="$SLOW -e inject=clone:delay_exit=1500000:when=4 -e inject=setgroups:delay_enter=5000000:when=1" \
	gw_start || { fail "the gateway did not start"; finish; }

copy_of_m() { pgrep -P "$M" -f '^sshd: anne \[priv\]$'; }
newborn() { # sets M and U once the process is there that becomes anne's
	M=$(pgrep -n -P "$GW_SSHD_PID" -f "^sshd: anne") && U=$(copy_of_m) && becomes_a_user
}
becomes_a_user() { # U: helpers do not, nor do they stay
	local call=
	read -r call _ 2>/dev/null <"/proc/$U/syscall"
	case $(uname -m) in
	x86_64) [ "$call" = 116 ] ;;
	aarch64) [ "$call" = 159 ] ;;
	*) sleep 0.5 && [ "$(copy_of_m)" = "$U" ] ;;
	esac
}
GW_TIMEOUT=90 gw_ssh anne -N -L "$GW/l.sock:webdev:5900" 2>"$GW/err" & pid=$!
gw_wait 60 newborn || fail "there is no process of the user's"
check "the process that becomes the user's is root's yet" 0 "$(ps -o ruid= -p "$U" | xargs)"
out=$(sallyport disconnect anne 2>&1)
check "the connection is ended" "~1 connection" "$out"
# strace keeps what is killed until its delay is over.
gw_wait 15 bash -c "! kill -0 $U 2>/dev/null" && pass "and so is that process" || fail "a process lives on that became the user's: $(ps -f -p "$U")"
gw_wait 10 bash -c "! kill -0 $pid 2>/dev/null" && pass "and its client" || fail "the client's connection goes on"
gw_wait 10 bash -c "! pgrep -P $GW_SSHD_PID" && pass "sshd's own process of it is gone, too" || fail "sshd goes on with it: $(pgrep -aP "$GW_SSHD_PID")"
gw_end $pid
gw_logged 15 '"event":"session-end"' '"user":"anne"'
check "on record" "~disconnected by the administrator" "$(gw_log '"event":"session-end"' '"user":"anne"')"
finish
