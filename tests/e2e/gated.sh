#!/bin/bash
# Who is gated, as the module itself tells: with the daemon down, with a group that does
# not exist, without one, and with a directory that hangs. By pamtester.
# timeout: 200
. tests/e2e/lib.sh
command -v pamtester >/dev/null || { echo "pamtester is missing"; exit 77; }
gw_users
gcc -shared -fPIC -o /usr/lib/"$(gcc -dumpmachine)"/libnss_hang.so.2 tests/e2e/nss_hang.c
pam() { # WORDS…: the module's arguments
	cat >/etc/pam.d/sallytest <<-PAM
	auth    [success=done ignore=ignore default=die] pam_sallyport.so $*
	auth    required pam_permit.so
	account [success=done ignore=ignore default=die] pam_sallyport.so $*
	account required pam_permit.so
	session [success=done ignore=ignore default=die] pam_sallyport.so $*
	session required pam_permit.so
	PAM
}
try() { # USER OPERATION: "yes" or pamtester's words
	local out
	out=$(timeout 20 pamtester sallytest "$1" "$2" </dev/null 2>&1) && echo yes || echo "no: $out"
}

pam group=vmusers
for op in authenticate acct_mgmt open_session; do
	check "daemon down, $op: ungated" yes "$(try fred $op)"
	check "daemon down, $op: root" yes "$(try root $op)"
	check "daemon down, $op: gated" "~no:" "$(try anne $op)"
done
check "  PAM's code tells that nothing answered" "~Authentication service cannot retrieve" "$(try anne authenticate)"
check "setcred of one who is not gated" yes "$(try fred setcred)"
pam group=nosuchgroup
check "a group that does not exist: all count as gated" "~no:" "$(try fred authenticate)"
check "  but root" yes "$(try root authenticate)"
pam
check "no group= at all: all count as gated" "~no:" "$(try fred authenticate)"
check "  but root" yes "$(try root authenticate)"
pam grup=vmusers
check "a misspelt option: all count as gated" "~no:" "$(try fred authenticate)"
pam group=vmusers gate_root
check "gate_root, root not in the group" yes "$(try root authenticate)"
usermod -aG vmusers root
check "gate_root, root in the group" "~no:" "$(try root authenticate)"
pam group=vmusers
check "root in the group, without gate_root" yes "$(try root authenticate)"
gpasswd -d root vmusers >/dev/null

# The primary group counts too.
useradd -g vmusers -m otto 2>/dev/null
check "member by primary group" "~no:" "$(try otto authenticate)"
userdel otto

cp /etc/nsswitch.conf "$GW/nsswitch.conf"
sed -i '/^group:/d; /^initgroups:/d' /etc/nsswitch.conf; echo 'group: files hang' >>/etc/nsswitch.conf
touch /run/nss-hang
start=$(date +%s%N)
check "a directory that hangs: the ungated counts as gated" "~no:" "$(try fred authenticate)"
ms=$(( ($(date +%s%N) - start) / 1000000 ))
[ $ms -le 10000 ] && pass "  told after $ms ms" || fail "  told after $ms ms only"
check "  root" yes "$(try root authenticate)"
no_process() { ! pgrep pamtester; }
gw_wait 10 no_process && pass "  the module leaves no process behind" || fail "  the module left behind: $(pgrep -a pamtester)"
rm -f /run/nss-hang; cp "$GW/nsswitch.conf" /etc/nsswitch.conf

# With the daemon up, a program that is no sshd of ours gets no prompt.
gw_start >/dev/null || { fail "the gateway did not start"; finish; }
check "daemon up, another program than sshd" "~no:" "$(try anne authenticate)"
gw_logged 15 '"user":"anne"' 'neither among sshd' && pass "  on record" || fail "  no record"
check "  and an ungated user passes" yes "$(try fred authenticate)"

# The daemon is asked first. It prompts those alone who are gated by the PAM line, too,
# and what else it says, or that it says nothing, makes nobody ungated.
sed -i 's/^backend_uid.*/&\nservices = sallytest/' /etc/sallyport/sallyport.conf
echo "fred:vvcccccccccc" >>/etc/sallyport/yubikey_mappings
gw_reload >/dev/null
denials() { gw_log '"event":"deny"' | grep -c .; }
before=$(denials)
check "ungated, with a YubiKey mapped" yes "$(try fred authenticate)"
usermod -aG vmusers root
check "root in the group, without gate_root" yes "$(try root authenticate)"
gpasswd -d root vmusers >/dev/null
sleep 0.2; check "  and no denial on record" "$before" "$(denials)"
check "gated: asked" "~YubiKey for anne" "$(try anne authenticate)"
groupadd others; usermod -aG others fred
pam group=others
check "another group in the PAM line: its member is asked" "~YubiKey for fred" "$(try fred authenticate)"
check "  who is in gated = alone is not" yes "$(try anne authenticate)"
kill -STOP "$(cat "$GW/daemon.pid")"
pam group=vmusers
start=$(date +%s%N)
check "daemon hangs: ungated" yes "$(try fred authenticate)"
check "  root" yes "$(try root authenticate)"
ms=$(( ($(date +%s%N) - start) / 1000000 ))
[ $ms -le 8000 ] && pass "  both within $ms ms" || fail "  both within $ms ms only"
check "  gated" "~no:" "$(try anne authenticate)"
kill -CONT "$(cat "$GW/daemon.pid")"

# Types of lib/proto.h: to BEGIN_GATED (10) and BEGIN (1) this one gives the same answer.
for answer in 'PROMPT 6 0000 0000' 'GRANTED 7' 'REFUSED 8 02 0000' 'UNCONCERNED 9' 'nonsense 77'; do
	read -r name type fields <<<"$answer"
	python3 - "$GW/fake.sock" "$type" "$fields" <<-'PY' &
		import os, socket, sys
		path, kind, fields = sys.argv[1:]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.bind(path + ".new")
		s.listen(5)
		os.rename(path + ".new", path)
		s.settimeout(20)
		for _ in range(2):
		    try:
		        c = s.accept()[0]
		        c.settimeout(5)
		        message = c.recv(65536)
		    except OSError:
		        break
		    c.send(message[:1] + bytes([int(kind)]) + message[2:6] + bytes.fromhex(fields))
	PY
	FAKE=$!
	gw_wait 15 test -S "$GW/fake.sock"
	pam group=vmusers "socket=$GW/fake.sock"
	check "a daemon that says $name to everything: gated" "~no:" "$(try anne authenticate)"
	kill $FAKE 2>/dev/null; wait $FAKE 2>/dev/null; rm -f "$GW/fake.sock"
done
finish
