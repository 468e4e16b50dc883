#!/bin/bash
# A guest whose console listens nowhere, and has a password that nobody knows: QEMU's
# control socket, for the gate, is the only way in. Whole sessions of remote-viewer and
# vncviewer through real ssh.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/console.sh

gw_policy() {
	gw_conf
	printf '[vm webdev]\nspice = qmp:/run/vms/webdev.qmp\nvnc = qmp:/run/vms/webdev.qmp\n' >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice,vnc always' 'maggie webdev spice,vnc,takeover always'
}
# With a control socket of the gate's own: the other one is the test's.
gw_backends() {
	chown vmhost /run/vms
	VM_DEVICES=full vm_start webdev 1f none -vnc none,password=on -qmp unix:/run/vms/webdev.qmp,server=on,wait=off
}
end() { console_stop; finish; }
listens() { ss -Hltnp | grep qemu; ss -Hlxp | grep qemu | awk '{ print $5 }' | LC_ALL=C sort | tr '\n' ' '; }

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
xvfb_start 71 || end
hold anne anne -L 127.0.0.1:15900:webdev:5900 -L 127.0.0.1:15800:webdev:5800
hold maggie maggie -L 127.0.0.1:15910:webdev:5900
check "QEMU listens at its control sockets alone" "/run/vms/webdev.qmp $CONSOLE/run/webdev.qmp " "$(listens)"
console_by_turns qmp "/run/vms/webdev.qmp $CONSOLE/run/webdev.qmp " true
viewer_start 71 dies spice://127.0.0.1:15900
works "SPICE again" webdev 71 dies
kill -9 "$(cat "$CONSOLE/webdev.vm")"
viewer_ends dies 30 && pass "QEMU dies: the viewer closes" || fail "the viewer goes on"
console_end "$CONSOLE/webdev.vm"
rm -f /run/vms/webdev.qmp
gw_backends || end
gw_wait 60 sh -c 'sallyport list vms | grep -q running' || fail "state: $(sallyport list vms)"
viewer_start 71 reborn spice://127.0.0.1:15900
works "QEMU started again" webdev 71 reborn
viewer_stop reborn
end
