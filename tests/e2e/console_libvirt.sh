#!/bin/bash
# A domain of a real libvirtd whose consoles have <listen type='none'/> and passwords:
# whole sessions of remote-viewer and vncviewer through real ssh, and nothing on the host
# listens for them.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/console.sh
. tests/support/libvirt.sh

domain() { # NAME: with the guest that draws
	cat <<-XML
	<domain type='qemu'><name>$1</name><memory unit='MiB'>32</memory>
	<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><devices>
	<emulator>/usr/bin/qemu-system-x86_64</emulator>
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$CONSOLE/$1.img'/><target dev='hda' bus='ide'/></disk>
	<graphics type='spice' passwd='unknown1'><listen type='none'/></graphics><graphics type='vnc' passwd='unknown2'><listen type='none'/></graphics>
	<video><model type='vga'/></video></devices></domain>
	XML
}
# libvirt holds the domain's control socket: pictures of it come from there.
vm_dump() {
	virsh -q qemu-monitor-command "$1" --hmp "screendump $CONSOLE/run/$1.$2.ppm" >/dev/null && echo "$CONSOLE/run/$1.$2.ppm"
}
domain_shows() { "$BUILD/tests/frame" lit "$(vm_dump webdev boot)"; }

gw_policy() {
	mkdir -p /etc/sallyport
	printf '[sallyport]\ngated = @vmusers\nbackend_uid = vmhost\n' >/etc/sallyport/sallyport.conf
	printf '[vm webdev]\nspice = libvirt:webdev\nvnc = libvirt:webdev\n' >/etc/sallyport/vms.conf
	printf 'anne webdev spice,vnc always\nmaggie webdev spice,vnc,takeover always\n' >/etc/sallyport/vm_mappings
	printf 'anne:%s\nmaggie:%s\n' "$(cat "$GW/anne.id")" "$(cat "$GW/maggie.id")" >/etc/sallyport/yubikey_mappings
	chmod 644 /etc/sallyport/*.conf /etc/sallyport/*_mappings
}
gw_backends() { gw_wait 60 domain_shows; }
end() { console_stop; virsh destroy webdev >/dev/null 2>&1; libvirtd_stop; finish; }
listens() { ss -Hltnp | grep qemu; ss -Hlxp | grep qemu | awk '{ print $5 }' | sed 's,.*/,,' | LC_ALL=C sort | tr '\n' ' '; }

libvirtd_begin
mkdir -p "$CONSOLE/run"
chown libvirt-qemu "$CONSOLE/run"
guest_image webdev 1f "$CONSOLE/webdev.img"
domain webdev >"$GW/webdev.xml"
domain_begin webdev
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW/libvirtd.log"; end; }
xvfb_start 71 || end
hold anne anne -L 127.0.0.1:15900:webdev:5900 -L 127.0.0.1:15800:webdev:5800
hold maggie maggie -L 127.0.0.1:15910:webdev:5900
check "QEMU listens at libvirt's control socket alone" "monitor.sock " "$(listens)"
looked_up() { check "  and nobody else listens for it" "" "$(virsh domdisplay webdev 2>/dev/null)"; }
console_by_turns libvirt "monitor.sock " looked_up
viewer_start 71 dies spice://127.0.0.1:15900
works "SPICE again" webdev 71 dies
libvirtd_stop -KILL
viewer_lives dies && pass "libvirtd dies: the viewer does not" || fail "libvirtd dies, and the viewer"
libvirtd_start || fail "libvirtd does not start again"
works "  and its session goes on" webdev 71 dies
virsh destroy webdev >/dev/null
viewer_ends dies 30 && pass "the domain is shut off: the viewer closes" || fail "the viewer goes on"
virsh start webdev >/dev/null
gw_wait 60 domain_shows
gw_wait 60 sh -c 'sallyport list vms | grep -q running' || fail "state: $(sallyport list vms)"
viewer_start 71 reborn spice://127.0.0.1:15900
works "the domain started again" webdev 71 reborn
viewer_stop reborn
end
