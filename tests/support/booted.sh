#!/bin/bash
# The part of tests/e2e/service.sh that runs inside the booted copy.
set -u
touch /run/sallyport-sandbox
# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh

gw_daemon() { # systemd instead of a loop of our own
	systemd-sysusers
	systemd-tmpfiles --create sallyport.conf
	systemctl daemon-reload
	systemctl restart sallyportd || { journalctl -u sallyportd --no-pager | tail -20; return 1; }
	gw_wait 10 sallyport status
}
gw_daemon_stop() { systemctl stop sallyportd; }
GW_LOOP=systemd
systemctl stop ssh 2>/dev/null

gw_start || { journalctl -u sallyportd --no-pager | tail -30; echo "the gateway did not start"; gw_stop; exit 1; }
check 'the unit is active' active "$(systemctl is-active sallyportd)"
check 'a login passes' '~HELLO' "$(gw_talk anne webdev:2222)"
pid=$(systemctl show -p MainPID --value sallyportd)
caps=$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")
check 'no capability beyond the list in the unit' 0 "$((0x$caps & ~0x10844ef))"
kill -9 "$pid"
check 'back after kill -9' ok "$(gw_wait 5 sallyport status && echo ok)"
check 'a login passes again' '~HELLO' "$(gw_talk anne webdev:2222)"
check 'systemctl reload' 0 "$(systemctl reload sallyportd >/dev/null 2>&1; echo $?)"
check 'the journal has its words' '~ready' "$(journalctl -u sallyportd --no-pager | tail -50)"
check 'stops in order' inactive "$(systemctl stop sallyportd; systemctl is-active sallyportd)"
check 'the last record is the stop' '~"event":"stop"' "$(tail -n 1 "$AUDIT")"
finish
