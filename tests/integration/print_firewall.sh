#!/bin/bash
# print firewall, loaded by the real nft into a network of its own: the gated are
# refused at VMs' addresses, nobody else is, and loading it again replaces it.
set -eu
BUILD=$(realpath "${BUILD:-build}")
cli=$BUILD/sallyport
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
[ -e /run/sallyport-sandbox ] || { echo "skipped: runs in the disposable copy only"; exit 77; }
command -v nft >/dev/null || { echo "skipped: no nft here"; exit 77; }
[ "${FIREWALL_ALONE:-}" ] || FIREWALL_ALONE=yes exec unshare -m -n -p -f --kill-child bash "$0"
mount -t proc proc /proc
mount -t tmpfs -o mode=1777 own-tmp /tmp
mkdir /tmp/etc
cp -a /etc/. /tmp/etc
mount --bind /tmp/etc /etc
ip link set lo up
ip addr add 192.0.2.1/32 dev lo
ip addr add 2001:db8::1/128 dev lo nodad
nft list ruleset >/dev/null 2>&1 || { echo "skipped: this kernel has no nf_tables"; exit 77; }

groupadd -f vmusers
id anne >/dev/null 2>&1 || useradd anne
id fred >/dev/null 2>&1 || useradd fred
id maggie >/dev/null 2>&1 || useradd maggie
usermod -aG vmusers anne
usermod -g vmusers maggie # by her primary group
printf 'fred:3000000:65536\nanne:2000000:65536\n%s:4000000:10\nanne:x:y\nanne\n' "$(id -u maggie)" >/etc/subuid
mkdir -p /etc/sallyport
printf '[sallyport]\ngated = @vmusers\nbackend_uid = root\n' >/etc/sallyport/sallyport.conf
cat >/etc/sallyport/vms.conf <<'VMS'
[vm books]
title = the books
spice = unix:/run/vms/books.spice
[vm webdev]
title = web
spice = tcp:127.0.0.1:5901
service.echo = tcp:127.0.0.1:5903
service.ssh = tcp:192.0.2.1:22
service.web = tcp:[2001:db8::1]:80
VMS
echo 'anne webdev spice,ssh,web,echo always' >/etc/sallyport/vm_mappings
echo 'anne:ccccccbcgujh' >/etc/sallyport/yubikey_mappings
chmod 644 /etc/sallyport/*

failed=0
check() { # WHAT EXPECTED GOT
	if [ "$2" = "$3" ]; then echo "ok    $1"; else echo "FAIL  $1: expected '$2', got '$3'"; failed=1; fi
}
listen() { # ADDRESS PORT
	python3 - "$1" "$2" <<'PY' &
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
s.bind((sys.argv[1], int(sys.argv[2])))
s.listen(64)
while True:
    s.accept()[0].close()
PY
	for _ in $(seq 1000); do ss -Hltn "sport = :$2" | grep -q . && return; sleep 0.05; done
}
reaches() { # USER ADDRESS PORT
	setpriv --reuid "$1" --clear-groups python3 - "$2" "$3" <<'PY'
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
    print("yes")
except ConnectionRefusedError:
    print("refused")
PY
}
listen 127.0.0.1 5901; listen 192.0.2.1 22; listen 2001:db8::1 80; listen 127.0.0.1 8080

check 'before: a gated user reaches a console' yes "$(reaches anne 127.0.0.1 5901)"
setpriv --reuid anne --clear-groups python3 - >/tmp/kept <<'PY' &
import os, socket, time
listener = socket.create_server(("127.0.0.1", 5903))
client = socket.create_connection(("127.0.0.1", 5903), 60)
server = listener.accept()[0]
open("/tmp/connected", "w").close()
while not os.path.exists("/tmp/loaded"):
    time.sleep(0.02)
client.sendall(b"hello")
server.settimeout(60)
print(server.recv(5).decode(), flush=True)
PY
KEPT=$!
for _ in $(seq 1000); do [ -e /tmp/connected ] && break; sleep 0.05; done
"$cli" print firewall >/tmp/rules
check 'nft takes it' 0 "$(nft -c -f /tmp/rules; echo $?)"
for round in once again; do
	nft -f /tmp/rules
	check "loaded $round: a console on this machine" refused "$(reaches anne 127.0.0.1 5901)"
	check '  by the primary group' refused "$(reaches maggie 127.0.0.1 5901)"
	check '  as one of her subordinate users' refused "$(reaches 2000005 127.0.0.1 5901)"
	check '  of one who is named by number' refused "$(reaches 4000009 127.0.0.1 5901)"
	check "  but not somebody else's" yes "$(reaches 3000005 127.0.0.1 5901)"
	check '  a service at an address' refused "$(reaches anne 192.0.2.1 22)"
	check '  a service at an IPv6 address' refused "$(reaches anne 2001:db8::1 80)"
	check '  what is no VM is as before' yes "$(reaches anne 127.0.0.1 8080)"
	check '  who is not gated, too' yes "$(reaches fred 127.0.0.1 5901)"
	check '  and root, as whom the gate connects' yes "$(reaches root 192.0.2.1 22)"
done
touch /tmp/loaded
wait $KEPT
check 'what was open goes on: only first packets are looked at' hello "$(cat /tmp/kept)"
check 'one table' 1 "$(nft list ruleset | grep -c 'table inet sallyport')"
check 'its rules count' yes "$(nft list ruleset | grep -q 'counter packets [1-9].*webdev ssh' && echo yes)"

# With nobody gated nothing is refused, and the file is still good.
gpasswd -d anne vmusers >/dev/null
usermod -g maggie maggie 2>/dev/null || usermod -g nogroup maggie
"$cli" print firewall >/tmp/rules
nft -f /tmp/rules
check 'nobody is gated: nobody is refused' yes "$(reaches anne 127.0.0.1 5901)"
groupdel vmusers
rc=0
"$cli" print firewall >/tmp/rules 2>/tmp/words || rc=$?
check 'no gated group: no rules that would say it is all right' '75 0' "$rc $(wc -c </tmp/rules)"
exit $failed
