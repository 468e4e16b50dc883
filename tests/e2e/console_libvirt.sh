#!/bin/bash
# A domain of a real libvirtd whose consoles have <listen type='none'/> and passwords:
# whole sessions of remote-viewer and vncviewer through real ssh, and nothing on the host
# listens for them; and its serial line on a user's terminal.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/console.sh
. tests/support/libvirt.sh

export GW BUILD
# NAME: with the guest that draws, and hands on what comes on the one serial line to the
# other, where a script answers in capitals.
domain() {
	cat <<-XML
	<domain type='qemu'><name>$1</name><memory unit='MiB'>32</memory>
	<os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os><devices>
	<emulator>/usr/bin/qemu-system-x86_64</emulator>
	<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$CONSOLE/$1.img'/><target dev='hda' bus='ide'/></disk>
	<graphics type='spice' passwd='unknown1'><listen type='none'/></graphics><graphics type='vnc' passwd='unknown2'><listen type='none'/></graphics>
	<serial type='pty'><target port='0'/></serial>
	<serial type='unix'><source mode='connect' path='$CONSOLE/run/line'/><target port='1'/></serial>
	<video><model type='vga'/></video></devices></domain>
	XML
}
# libvirt holds the domain's control socket: pictures of it come from there.
vm_dump() {
	virsh -q qemu-monitor-command "$1" --hmp "screendump $CONSOLE/run/$1.$2.ppm" >/dev/null && echo "$CONSOLE/run/$1.$2.ppm"
}
domain_shows() { "$BUILD/tests/frame" lit "$(vm_dump webdev boot)"; }

gw_policy() {
	gw_conf
	printf '[vm webdev]\nspice = libvirt:webdev\nvnc = libvirt:webdev\nserial = libvirt:webdev\n' >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice,vnc,serial always' 'maggie webdev spice,vnc,serial,takeover always'
}
gw_backends() { gw_wait 60 domain_shows; }
end() { console_stop; virsh destroy webdev >/dev/null 2>&1; libvirtd_stop; finish; }
listens() { ss -Hltnp | grep qemu; ss -Hlxp | grep qemu | awk '{ print $5 }' | sed 's,.*/,,' | LC_ALL=C sort | tr '\n' ' '; }

libvirtd_begin
mkdir -p "$CONSOLE/run"
chown libvirt-qemu "$CONSOLE/run"
guest_image webdev 1f "$CONSOLE/webdev.img"
python3 tests/support/backend.py unix "$CONSOLE/run/line" "$GW/line.count" "$(id -u libvirt-qemu)" & GW_PIDS="${GW_PIDS:-} $!"
gw_wait 20 test -s "$GW/line.count" && chown libvirt-qemu "$CONSOLE/run/line"
domain webdev >"$GW/webdev.xml"
domain_begin webdev
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW/libvirtd.log"; end; }
xvfb_start 71 || end
hold anne anne -L 127.0.0.1:15900:webdev:5900 -L 127.0.0.1:15800:webdev:5800
hold maggie maggie -L 127.0.0.1:15910:webdev:5900
check "QEMU listens at libvirt's control socket alone" "monitor.sock " "$(listens)"
looked_up() { check "  and nobody else listens for it" "" "$(virsh domdisplay webdev 2>/dev/null)"; }
console_by_turns libvirt "monitor.sock " looked_up
# --- the serial line, by libvirt's own stream -------------------------------------------
PYTHONPATH=tests/support python3 -B - <<'PY' || FAILED=$((FAILED + 1))
import re, subprocess, time
from terminal import *

def console(user):
    return Terminal(user, "-S", f"{GW}/{user}.ctl", "-tt", "-e", "none", "--", "console", "webdev")
def talk(t, say):
    t.send(say); t.expect_exact(say.encode("latin-1").upper().decode("latin-1"))
def is_free():
    end = time.time() + 20
    while time.time() < end and not re.search("serial +free", subprocess.check_output(["sallyport", "list", "seats"], text=True)):
        time.sleep(0.05)

m = console("maggie")
m.expect(r"webdev: its serial line; \^\] leaves"); talk(m, "hello")
check("console: what is typed comes to the guest, and its answer back", True)
talk(m, "\x03\x04\x1a\x13\x11~.\x00z"); talk(m, bytes(range(0x80, 0x100)).decode("latin-1"))
check("  all keys, 8 bits", True)
a = console("anne")
check("  another is refused: 75", a.end() == 75, a.exitstatus)
check("  in words", re.search("the seat is taken: maggie has it since", a.rest.replace("\r\n", " ")), a.rest)
talk(m, "still"); check("  who has it is not disturbed", True)
m.send("\x1d"); check("  ^] leaves: 0", m.end() == 0, m.exitstatus)
is_free()
a = console("anne")
a.expect("leaves"); talk(a, "mine"); check("  and the other has it", True)
m = console("maggie")
m.expect("leaves"); talk(m, "taken")
check("  until it is taken over", a.end() == 75 and "taken over by maggie" in a.rest.replace("\r\n", " "), (a.exitstatus, a.rest))
m.send("\x1d"); check("  ^] leaves again: 0", m.end() == 0, m.exitstatus)
finish()
PY
serial_closes() { [ "$(gw_log '"event":"close"' '"right":"serial"' | wc -l)" -ge 3 ]; }
gw_wait 20 serial_closes # maggie's second comes last
check "serial: each an open and a close" "3 3" "$(gw_log '"event":"open"' '"right":"serial"' | wc -l) $(gw_log '"event":"close"' '"right":"serial"' | wc -l)"

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
