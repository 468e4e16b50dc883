#!/bin/bash
# SSH logins that must not be: cases 15-20, 47-50 of the attempts on sshd, and H6-H12. The
# cases' numbers: tests/attack/CASES.md.
# timeout: 240
. tests/e2e/lib.sh
python3 -c 'import paramiko' 2>/dev/null || { echo "python3-paramiko is missing"; exit 77; }
GW_SSHD="MaxStartups 100:30:200
PerSourceMaxStartups none
MaxAuthTries 6
AddressFamily any" gw_start >/dev/null || { fail "the gateway did not start"; finish; }
methods() { timeout 60 python3 tests/support/methods.py "$@" 2>"$GW/err" | paste -sd' '; }
K=$GW/anne.key
BAD=cccccccccccccccccccccccccccccccccccccccccccc
# How many OTPs were accepted so far.
nobody_in() { ! sallyport list connections | grep -qw anne; }
accepted() { gw_log '"event":"otp"' '"verdict":"allow"' | grep -c . ; }

BEFORE=$(accepted)
# 47: channels before the end of authentication are e2e/before_otp.sh's.
check "48 publickey alone" "publickey: partial" "$(methods anne "$K" publickey)"
check "48 none" "none: refused" "$(methods anne "$K" none)"
check "48 keyboard-interactive alone, with a good OTP" "kbdint: refused" "$(methods anne "$K" kbdint:"$(gw_press anne)")"
check "48 keyboard-interactive first, then the key" "kbdint: refused publickey: partial" "$(methods anne "$K" kbdint:"$(gw_press anne)" publickey)"
check "48 a password, too" "password: refused" "$(methods anne "$K" password:x)"
check "48 the key and a password" "publickey: partial password: refused" "$(methods anne "$K" publickey password:"$(gw_press anne)")"
check "48 another's key, then her own OTP" "publickey: refused kbdint: refused" "$(methods anne "$GW/maggie.key" publickey kbdint:"$(gw_press anne)")"
check "48   no OTP was accepted in all that" "$BEFORE" "$(accepted)"
check "48 the right order" "publickey: partial kbdint: ACCEPTED forward: HELLO" "$(methods anne "$K" publickey kbdint:"$(gw_press anne)")"

O=$(gw_press anne)
check "49 no answer at all" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey kbdint:- | sed 's/closed/refused/')"
check "49 two answers, one of them good" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey "kbdint:$O|$O" | sed 's/closed/refused/')"
head -c 65536 /dev/zero | tr '\0' c >"$GW/64k"
check "49 an answer of 64 KiB" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey "kbdint:@$GW/64k" | sed 's/closed/refused/')"
printf '%s\0%s' "$O" x >"$GW/nul"
check "49 a NUL behind a good OTP" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey "kbdint:@$GW/nul" | sed 's/closed/refused/')"

check "H12 wrong first, then right, in one connection" "publickey: partial kbdint: refused kbdint: ACCEPTED forward: HELLO" \
	"$(methods anne "$K" publickey kbdint:$BAD kbdint:"$(gw_press anne)")"
check "H12 after MaxAuthTries wrong ones sshd closes" "~closed" "$(methods --at 127.0.0.20 anne "$K" publickey kbdint:$BAD kbdint:$BAD kbdint:$BAD kbdint:$BAD kbdint:$BAD kbdint:$BAD kbdint:$BAD)"
check "18   and the next connection from there is let in at once" "~ACCEPTED" "$(methods --at 127.0.0.20 anne "$K" publickey kbdint:"$(gw_press anne)")"

# 15, 16: an OTP counts in its own connection only.
O=$(gw_press anne)
GW_TIMEOUT=150 gw_ssh anne -M -S "$GW/mux" -N 2>"$GW/err" & MASTER=$!
gw_wait 30 ssh -F none -S "$GW/mux" -O check x || fail "no master connection"
check "15 a second connection beside one that has passed, without OTP" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey kbdint:)"
O=$(cat "$GW/otp.anne")
check "16 a second connection with the first one's OTP" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey kbdint:"$O")"
ssh -F none -S "$GW/mux" -O exit anne@127.0.0.1 2>/dev/null; wait $MASTER 2>/dev/null
gw_wait 20 nobody_in || fail "the master connection goes on"
check "16   (at once, from 8 connections: e2e/race.sh); after the first has ended" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey kbdint:"$O")"
check "17 the OTP of another user's YubiKey" "publickey: partial kbdint: refused" "$(methods --at 127.0.0.21 anne "$K" publickey kbdint:"$(gw_press maggie)")"
gw_logged 20 '"event":"otp"' '"user":"anne"' "not this user" && pass "17   on record, against her" || fail "17   no record"

# 19, 20: prompts that are left alone.
timeout 3 python3 tests/support/methods.py --hold 30 --at 127.0.0.22 anne "$K" publickey kbdint: >/dev/null 2>&1
prompts() { sallyport status | sed -n 's/^prompts *\([0-9]*\) open.*/\1/p'; }
gw_wait 30 bash -c "sallyport status | grep -q '^prompts *0 open'" && pass "19 a client killed at the prompt: its place is free" || fail "19 prompts: $(prompts)"
gw_wait 30 bash -c "! pgrep -f 'sshd: [a]nne'" && pass "19   and nothing of it is left" || fail "19   left: $(pgrep -fa 'sshd: [a]nne')"
python3 tests/support/crowd.py 10 anne "$K" 127.0.0.23 hold 50 >"$GW/crowd" 2>&1 & C=$!
gw_wait 30 grep -q ready "$GW/crowd"
n=$(prompts)
[ "${n:-99}" -le 16 ] && pass "20 50 prompts of one key and address: $n are open" || fail "20 $n prompts are open"
check "20   others log in meanwhile" "~ACCEPTED" "$(methods anne "$K" publickey kbdint:"$(gw_press anne)")"
wait $C
check "20   none of the 50 got in" 0 "$(grep -c accepted "$GW/crowd")"

# H6: what the user writes into his own files does not replace what sshd_config says.
cp /home/anne/.ssh/authorized_keys "$GW/authorized_keys"
{ printf 'command="/bin/sh -c \\"echo in\\"",environment="LD_PRELOAD=/x",permitopen="*:*",tunnel="0" '; cat "$GW/authorized_keys"; } >/home/anne/.ssh/authorized_keys
check "H6 command= and permitopen= in authorized_keys: the OTP comes first all the same" "publickey: partial kbdint: refused" "$(methods --at 127.0.0.24 anne "$K" publickey kbdint:)"
check "H6   and with it nothing of the user's runs" 0 "$(gw_ssh anne -- true 2>/dev/null | grep -c in)"
check "H6   nor does permitopen= open more" 0 "$(printf hello | gw_ssh anne -W 127.0.0.1:22 2>/dev/null | grep -c SSH-)"
cp "$GW/authorized_keys" /home/anne/.ssh/authorized_keys

# H7, H8: where a login came from is sshd's word.
SSH_CONNECTION="6.6.6.6 1 6.6.6.6 22" SSH_CLIENT="6.6.6.6 1 22" gw_ssh anne -o SendEnv=SSH_CONNECTION -o SetEnv="SSH_CLIENT=6.6.6.6 SSH_CONNECTION=6.6.6.6" -W webdev:2222 </dev/null >/dev/null 2>&1
check "H7 SSH_CONNECTION and SSH_CLIENT from the client: not on record" 0 "$(gw_log 6.6.6.6 | grep -c .)"
if ip -6 addr show dev lo 2>/dev/null | grep -q '::1/128'; then
	sed -i 's/^ListenAddress 127.0.0.1/&\nListenAddress ::1/' /etc/ssh/sshd_config
	kill "$GW_SSHD_PID"; wait "$GW_SSHD_PID" 2>/dev/null
	/usr/sbin/sshd -D -E "$GW/sshd.log" & GW_SSHD_PID=$!
	gw_wait 20 bash -c 'exec 3<>/dev/tcp/::1/22'
	check "H8 over IPv6" "~ACCEPTED" "$(methods --at ::1 anne "$K" publickey kbdint:"$(gw_press anne)")"
	gw_logged 20 '"event":"session"' '"source":"::1"' && pass "H8   its address is on record" || fail "H8   no record of ::1"
else
	pass "H8 (there is no IPv6 here: not tried)"
fi
cp /etc/passwd "$GW/passwd"
awk -F: -v OFS=: '$1 == "anne" {$5 = "maggie,,,root vmusers \033[2J%n"} {print}' "$GW/passwd" >"$GW/passwd.odd"
gw_passwd "$GW/passwd.odd"
check "H9 the name in GECOS is nobody's" "~ACCEPTED" "$(methods anne "$K" publickey kbdint:"$(gw_press anne)")"
check "H9   and stands nowhere" 0 "$(grep -c 'root vmusers' $AUDIT)"
gw_passwd "$GW/passwd"

# H11: sshd gives up before the daemon does; the client goes in mid-check.
O=$(gw_press anne)
kill -STOP "$(pgrep -xo verify)"
timeout 60 python3 tests/support/methods.py --at 127.0.0.25 anne "$K" publickey kbdint:"$O" >"$GW/out" 2>&1 & T=$!
gw_wait 20 bash -c "sallyport list connections | grep -q pending"; sleep 1
kill $T; wait $T
gw_wait 60 bash -c '! pgrep -f "^sshd: anne"' # it notices when the module has given up
kill -CONT "$(pgrep -xo verify)"
check "H11 the client goes while its OTP is being checked: no session" 0 "$(gw_log '"event":"session"' '127.0.0.25' | grep -c .)"
gw_wait 10 sallyport status
check "H11   nor is it on record as accepted" 0 "$(gw_log '"event":"otp"' '127.0.0.25' '"verdict":"allow"' | grep -c .)"
check "H11   and it does not get in with that OTP afterwards" "publickey: partial kbdint: refused" "$(methods --at 127.0.0.26 anne "$K" publickey kbdint:"$O")"

# 53: sshd's own processes are killed. (The daemon and verify: e2e/kill.sh, e2e/revoked.sh.)
GW_TIMEOUT=150 gw_ssh anne -N -L "$GW/l.sock:/run/sallyport/vm/webdev/raw" 2>"$GW/err" & L=$!
gw_wait 30 test -S "$GW/l.sock"
check "53 a forward before M is killed" "HELLOEND 5" "$(python3 tests/support/peer.py talk unix "$GW/l.sock")"
kill -KILL "$(pgrep -nf 'sshd: [a]nne \[priv\]')"; sleep 1
check "53 M killed, U lives on: no channel passes any more" 0 "$(timeout 5 python3 tests/support/peer.py talk unix "$GW/l.sock" | grep -c HELLO)"
gw_logged 20 '"event":"session-end"' "sshd's process of the connection ended" && pass "53   on record" || fail "53   no session-end on record"
kill "$(pgrep -nf 'sshd: [a]nne')" 2>/dev/null; gw_end $L

# 50: somebody else answers in the daemon's place, and says yes to everything.
gw_daemon_stop; rm -f /run/sallyport/pam.sock
cat >"$GW/liar.py" <<'PY'
import os, socket, struct
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("/run/sallyport/pam.sock")
os.chmod("/run/sallyport/pam.sock", 0o666)
os.setuid(65534)
s.listen(50)
s.settimeout(60)
while True:
    c, _ = s.accept()
    try:
        c.settimeout(2)
        asked = c.recv(65536)
        c.send(bytes([1, 7]) + asked[2:6])  # GRANTED
    except OSError:
        pass
PY
python3 "$GW/liar.py" & LIAR=$!
gw_wait 20 test -S /run/sallyport/pam.sock
check "50 another user's listener in the daemon's place says yes" "publickey: partial kbdint: refused" "$(methods anne "$K" publickey kbdint:"$(gw_press anne)" | sed 's/closed/refused/')"
check "50   for account and session, too (a key alone)" 0 "$(sed -i 's/^\tAuthenticationMethods .*/\tAuthenticationMethods publickey/' /etc/ssh/sshd_config; kill -HUP "$GW_SSHD_PID"; sleep 0.5; methods anne "$K" publickey | grep -c HELLO)"
kill $LIAR 2>/dev/null; wait $LIAR 2>/dev/null
finish
