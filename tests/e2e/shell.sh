#!/bin/bash
# sallyport-shell behind the real sshd, otp = pam: what it runs, exactly as without it,
# with which environment, for whom, and what it refuses.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
GW_SSHD="AcceptEnv *"
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
usermod -s /usr/bin/sallyport-shell maggie
sed -i 's/^\[vm books\]/[host]\nrun.hello = \/bin\/echo hello there\nrun.env = \/usr\/bin\/env\n\n&/' /etc/sallyport/vms.conf
cat >/etc/sallyport/vm_mappings <<CONF
anne     webdev  spice,ssh        always
anne     host    run:hello,run:env  always
maggie   host    shell            always
CONF
gw_reload >"$GW/reload" 2>&1 || { fail "reload: $(cat "$GW/reload")"; finish; }
# One connection each, so that one OTP lasts.
for u in anne maggie fred; do
	gw_hold $u $u || fail "no connection for $u"
done
run() { gw_over "$1" x "${@:2}" >"$GW/out" 2>"$GW/err"; RC=$?; }

# --- exactly as without it: fred, who is not gated, and maggie give the same ------
same() { # WHAT COMMAND [INPUT]
	local a b
	a=$(printf %s "${3:-}" | gw_over fred x "$2" 2>&1; echo "rc $?")
	b=$(printf %s "${3:-}" | gw_over maggie x "$2" 2>&1; echo "rc $?")
	a=${a//fred/USER}; b=${b//maggie/USER}
	check "as without it: $1" "$a" "$b"
}
same "exit status 0" true
same "exit status 3" 'exit 3'
same "exit status 255" 'exit 255'
same "killed by a signal" 'kill -TERM $$'
same "killed by SIGPIPE" 'kill -PIPE $$'
same "no such command" 'no-such-command-here'
same "standard output and error apart" 'echo out; echo err >&2'
same "signal mask and dispositions" 'grep -E "^Sig(Blk|Ign)" /proc/$$/status'
same "SIGPIPE ends a pipe" 'yes | head -1; echo ${PIPESTATUS[0]}'
same "limits" 'ulimit -a; ulimit -Hc'
check "open descriptors" "0, 1, 2" "$(gw_over maggie x 'ls -m /proc/$$/fd; true')"
same "working folder, umask" 'pwd; umask'
same "argv of the shell" 'tr "\0" " " </proc/$$/cmdline | cut -c-20'
same "quotes, blanks, globs" 'cd /; printf "%s|" "a  b" '"'c \$d'"' b*; echo'
same "input to the end" 'wc -c' "$(seq 1 20000)"
head -c 3000000 /dev/urandom >"$GW/big"
check "3 MB through cat, byte by byte" "$(sha256sum <"$GW/big")" "$(gw_over maggie x cat <"$GW/big" | sha256sum)"
check "no byte before or after" "" "$(gw_over maggie x true | od -c | grep -v '^0000000$')"
check "a login shell" "login 5" "$(echo 'shopt -q login_shell && printf login; exit 5' | gw_over maggie x 2>/dev/null; echo " $?")"
gw_over maggie -o BatchMode=yes -s x nosuch >/dev/null 2>"$GW/err"; check "a subsystem that sshd does not have: refused" 255 "$?"

# --- transfers of those with a shell ------------------------------------------------
echo "put $GW/big big1" >"$GW/batch"; echo "get big1 $GW/big2" >>"$GW/batch"
# The client's paths are the test's: sftp runs here.
sftp -F none -q -o ControlPath="$GW/maggie.ctl" -b "$GW/batch" x >/dev/null 2>"$GW/err"; check "sftp, both ways" "0" "$?"
cmp -s "$GW/big" "$GW/big2" && pass "  the same bytes" || fail "sftp: other bytes"
scp -F none -q -o ControlPath="$GW/maggie.ctl" x:big1 "$GW/big3" 2>"$GW/err"; cmp -s "$GW/big" "$GW/big3" && pass "scp" || fail "scp: $(cat "$GW/err")"
scp -O -F none -q -o ControlPath="$GW/maggie.ctl" "$GW/big" x:big4 2>"$GW/err"; cmp -s "$GW/big" /home/maggie/big4 && pass "scp -O" || fail "scp -O: $(cat "$GW/err")"

# --- those without a shell ------------------------------------------------------------
run anne; check "no shell: the page, and out" "0" "$RC"
check "  who he is" "~anne on $(hostname), key $(cat "$GW/anne.id")" "$(head -1 "$GW/out")"
check "  what to copy" "~ssh -L 5901:webdev:5900 anne@" "$(cat "$GW/out")"
check "  80 columns" "" "$(grep -E '.{81}' "$GW/out")"
run anne id; check "a command: denied" "77 " "$RC $(cat "$GW/out")"
check "  with words" "~That command is not open to you" "$(cat "$GW/err")"
run anne 'vms; id'; check "a word after a builtin: denied" "77 " "$RC $(cat "$GW/out")"
run anne '/usr/bin/sallyport-shell -c id'; check "this program by its path: a command like any other" "77 " "$RC $(cat "$GW/out")"
run anne hello; check "a declared command" "0 hello there" "$RC $(cat "$GW/out")"
run anne 'hello '; check "  not with a blank more" "77" "$RC"
run anne 'hello; id'; check "  not with words more" "77" "$RC"
run anne vms; check "vms" "0 webdev" "$RC $(awk '/webdev/ {print $1}' "$GW/out")"
run anne vms a b; check "vms with two words" 64 "$RC"
run anne vms books; A=$(cat "$GW/out" "$GW/err"); B=$RC; run anne vms nosuch
check "vms of what is not his is the same as of what is not there" "77 $(cat "$GW/out" "$GW/err")" "$B $A"
run anne why webdev ssh; check "why: granted" "allow  webdev ssh: granted" "$(cat "$GW/out")"
run anne why books spice; A=$(cat "$GW/out"); run anne why nosuch spice; B=$(cat "$GW/out")
check "why: what is not his is the same as what is not there" "${A/books/X}" "${B/nosuch/X}"
run anne help; check "help" "0" "$RC"
run anne console webdev; check "console: denied without the right" "77 ~" "$RC ~$(cat "$GW/out")"
check "  with words" "~webdev serial is not open to you" "$(cat "$GW/err")"
sftp -F none -q -o ControlPath="$GW/anne.ctl" -b "$GW/batch" x >"$GW/out" 2>"$GW/err"; check "sftp: denied (sshd drops a subsystem's words)" 255 "$?"
gw_logged 15 '"verdict":"deny"' '"right":"sftp"' '"user":"anne"' && pass "  on record" || fail "no record of it"
run anne "scp -t /tmp"; check "scp: denied" 77 "$RC"
for s in '/bin/sh' '/usr/lib/openssh/sftp-server -d /etc; id' 'internal-sftp; id'; do
	run anne "$s"; check "sftp -s '$s': denied" "77 " "$RC $(cat "$GW/out")"
done

# --- the environment -----------------------------------------------------------------
loud() { gw_ssh maggie -o SetEnv="LD_PRELOAD=/tmp/x.so BASH_ENV=/tmp/x ENV=/tmp/x ZDOTDIR=/tmp IFS=x PATH=/tmp TZ=x LOCPATH=/tmp GCONV_PATH=/tmp LC_ALL=../../tmp/x LC_TIME=de_DE.UTF-8 LC_HACK=1 TERM=../x HOME=/tmp SHELL=/bin/x USER=root SSH_AUTH_SOCK=/tmp/s XDG_RUNTIME_DIR=/tmp LANG=C.UTF-8 SSH_ORIGINAL_COMMAND=id" "$@"; }
loud -- env | sort >"$GW/env"
check "names of the environment" "HOME LANG LC_TIME LOGNAME PATH PWD SHELL SHLVL SSH_CLIENT SSH_CONNECTION USER _" \
	"$(cut -d= -f1 "$GW/env" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')"
check "its values are ours" "HOME=/home/maggie LOGNAME=maggie SHELL=/bin/bash USER=maggie" \
	"$(grep -E '^(HOME|LOGNAME|SHELL|USER)=' "$GW/env" | tr '\n' ' ' | sed 's/ $//')"
run anne env; check "a declared command: the same list, no shell's additions" "HOME LOGNAME PATH SHELL SSH_CLIENT SSH_CONNECTION USER" \
	"$(cut -d= -f1 "$GW/out" | sort | tr '\n' ' ' | sed 's/ $//')"
printf 'LD_PRELOAD DEFAULT=/tmp/x.so\n' >/home/maggie/.pam_environment; chown maggie /home/maggie/.pam_environment
mkdir -p /home/anne/.ssh; for f in .bashrc .profile .bash_profile .zshenv .ssh/rc; do echo "touch /tmp/ran-$$" >"/home/anne/$f"; done
echo "LD_PRELOAD=/tmp/x.so" >/home/anne/.ssh/environment; chown -R anne /home/anne
usermod -s /usr/bin/sallyport-shell anne
gw_ssh anne -- vms >"$GW/out" 2>&1; gw_ssh anne -- id >/dev/null 2>&1
[ ! -e /tmp/ran-$$ ] && pass "as login shell: no start-up file of the user's is run" || fail "a start-up file was run"
check "  and it works" "~webdev" "$(cat "$GW/out")"
check "without ForceCommand, as login shell: a command is decided on" "77" \
	"$(sed 's/^\tForceCommand.*//' /etc/ssh/sshd_config >"$GW/sshd2"; /usr/sbin/sshd -f "$GW/sshd2" -p 2299 -o PidFile="$GW/sshd2.pid" -E "$GW/sshd2.log"; gw_wait 15 test -s "$GW/sshd2.pid"; gw_ssh anne -p 2299 -- id >"$GW/out" 2>"$GW/err"; echo $?)"
check "  and no command gives the page" "~anne on" "$(gw_ssh anne -p 2299 2>&1)"
kill "$(cat "$GW/sshd2.pid")"

# --- long and odd commands --------------------------------------------------------------
check "a command of 100 kB" 100000 "$(gw_over maggie x "printf %s $(head -c 100000 /dev/zero | tr '\0' a) | wc -c" 2>&1)"
run maggie "true $(head -c 140000 /dev/zero | tr '\0' a)"; [ "$RC" != 0 ] && pass "a command that sshd cannot pass on: rc $RC" || fail "140 kB: rc 0"
run maggie "$(printf 'echo a\necho \033[31mb #mark')"; check "a command of two lines" "a" "$(head -1 "$GW/out")"
gw_logged 15 '"event":"session"' '"right":"shell"' '#mark' && pass "  one record, escaped" || fail "no record of it"
[ -z "$(grep -P '\x1b' $AUDIT)" ] && pass "  no escape character in the log" || fail "an escape character in the log"

# --- forged ----------------------------------------------------------------------------
as maggie /usr/bin/sallyport-shell -c id >"$GW/out" 2>"$GW/err"; check "outside SSH: denied" "77 " "$? $(cat "$GW/out")"
gw_logged 15 '"verdict":"deny"' 'not below sshd' && pass "  on record" || fail "no record"
run maggie '/usr/bin/sallyport-shell -c vms'; check "below U, by hand: answered" "0" "$RC"
run maggie "setsid -f sh -c 'until grep -q ^PPid:.1\$ /proc/\$\$/status; do sleep 0.1; done; /usr/bin/sallyport-shell -c id >/tmp/away-$$ 2>&1; echo rc \$? >>/tmp/away-$$'"
gw_wait 15 grep -q '^rc' /tmp/away-$$; check "no longer below U (its parent ended): denied" "~rc 77" "$(cat /tmp/away-$$)"
cp "$REPO/tests/support/forge.py" /tmp/forge.py; chmod 644 /tmp/forge.py
gw_over maggie x python3 /tmp/forge.py >"$GW/out" 2>&1
while read -r line; do pass "forged: $line"; done < <(grep '^ok' "$GW/out"); check "  all of them" "done" "$(tail -1 "$GW/out")"
check "root at the socket: closed" "closed" "$(python3 /tmp/forge.py root 2>&1)"
as fred /usr/bin/sallyport-shell -c vms >"$GW/out" 2>"$GW/err"; check "who is not gated cannot even connect" 77 "$?"

# --- one user's crowd does not keep another out -------------------------------------------
gw_over maggie x 'python3 /tmp/forge.py crowd 2000' >"$GW/crowd" 2>&1 & CROWD=$!
gw_wait 40 grep -q crowded "$GW/crowd"
check "2000 callers of one user: at most max_sessions stay" 64 "$(awk '/crowded/ {print $2}' "$GW/crowd")"
run anne vms; check "  another is served" 0 "$RC"
gw_end $CROWD
gw_wait 60 gw_over maggie x true

# --- its end ---------------------------------------------------------------------------
gw_over maggie x 'sleep 77 & sleep 78' >/dev/null 2>&1 & S=$!
gw_wait 20 pgrep -u maggie -f '^sleep 78' >/dev/null || { cat "$GW/err"; fail "the command did not start"; }
sed -i '/maggie/d' /etc/sallyport/vm_mappings; gw_reload >/dev/null
gw_wait 3 bash -c '! pgrep -u maggie -f "^sleep 7[78]"' && pass "the grant taken away: the running command and its child end" || fail "still running"
wait $S; gw_logged 15 '"event":"session-end"' '"user":"maggie"' '"reason":"no grant' '"right":"shell"' && pass "  on record" || fail "no record of the end: $(grep session-end $AUDIT | tail -4)"
run maggie true; check "  and no other begins" 77 "$RC"

# --- nobody there ------------------------------------------------------------------------
kill -STOP "$(cat "$GW/daemon.pid")"
timeout 30 ssh -F none -o LogLevel=ERROR -S "$GW/anne.ctl" x vms >"$GW/out" 2>"$GW/err"; check "a daemon that hangs: 75 in the end" "75 " "$? $(cat "$GW/out")"
kill -CONT "$(cat "$GW/daemon.pid")"
gw_daemon_stop
rm -f /run/sallyport/shell.sock
run anne vms; check "no daemon: 75" "75" "$RC"
python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.chmod("/run/sallyport", 0o777); os.setuid(int(os.popen("id -u fred").read()))
s.bind("/run/sallyport/new"); os.chmod("/run/sallyport/new", 0o777); s.listen(5)
os.rename("/run/sallyport/new", "/run/sallyport/shell.sock")
import time; time.sleep(60)' & P=$!
gw_wait 15 test -S /run/sallyport/shell.sock
run anne vms; check "a socket that is not root's: 78, not a byte sent" 78 "$RC"
kill $P; wait $P 2>/dev/null
finish
