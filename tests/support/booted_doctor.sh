#!/bin/bash
# The part of tests/e2e/doctor_booted.sh that runs inside the booted copy.
set -u
touch /run/sallyport-sandbox

# shellcheck source=tests/support/booted.sh
. tests/support/booted.sh

# booted.sh has started a gateway with an sshd of its own: Debian's takes its place.
kill "$GW_SSHD_PID"; wait "$GW_SSHD_PID" 2>/dev/null
cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config
sallyport print sshd >/etc/ssh/sshd_config.d/sallyport.conf
systemctl restart ssh
gw_wait 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'

look() {
	out=$(sallyport --json doctor)
	STATUS=$?
	FOUND=$(sed -n 's/^.*"id": "\([a-z0-9-]*\)".*$/\1/p' <<<"$out" | grep -vx clock-sync | tr '\n' ' ')
}
mend() { # ID
	bash -c "$(python3 -c '
import json, sys
for f in json.loads(sys.argv[1]):
	if f["id"] == sys.argv[2] and f["mend_is"] == "command":
		print(f["mend"])' "$out" "$1")" >/dev/null 2>&1
}

look
check 'not enabled' 'unit-disabled ' "$FOUND"
mend unit-disabled
look
check 'enabled by the mend: nothing is found' '' "$FOUND"
[ -z "$FOUND" ] || echo "$out"
check '  exit status' 0 "$STATUS"
check '  a login passes' '~HELLO' "$(gw_talk anne webdev:2222)"

touch /etc/ssh/sshd_config.d/sallyport.conf
look
check 'planted: changed after sshd read it' 'sshd-not-loaded ' "$FOUND"
mend sshd-not-loaded
# sshd reads its files after the signal, and then writes its pid anew.
gw_wait 60 test /run/sshd.pid -nt /etc/ssh/sshd_config.d/sallyport.conf
look
check '  mended by reloading ssh.service' '' "$FOUND"

mkdir -p /etc/systemd/system/sallyportd.service.d
printf '[Service]\nNoNewPrivileges=no\n' >/etc/systemd/system/sallyportd.service.d/local.conf
look
check 'planted: the unit overridden' 'unit-override ' "$FOUND"
rm /etc/systemd/system/sallyportd.service.d/local.conf

mv /var/log/journal /var/log/journal.off
look
check 'planted: a journal that is not kept' 'journal ' "$FOUND"
check '  exit status' 1 "$STATUS"
mv /var/log/journal.off /var/log/journal

# Its ports are not taken for another program's while systemd keeps them.
systemctl service-watchdogs no # nobody helps it meanwhile
kill -STOP "$(main_pid)"
look
kill -CONT "$(main_pid)"
systemctl service-watchdogs yes
check 'planted: the daemon hangs' 'daemon-down ' "$FOUND"
systemctl stop sallyportd
look
check 'planted: the daemon stopped' 'daemon-down ' "$FOUND"
check '  exit status' 2 "$STATUS"
mend daemon-down
gw_wait 60 sallyport status
look
check '  mended by starting it' '' "$FOUND"
finish
