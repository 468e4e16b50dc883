#!/bin/bash
# Domains of a real libvirtd, with <listen type='none'/>: SPICE and the serial console
# through sshd and the gate, their states, vm import; libvirtd stopped, killed, hanging.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
. tests/support/libvirt.sh
domain() { # NAME
	cat <<-XML
	<domain type='qemu'><name>$1</name><title>domain $1</title><memory unit='MiB'>32</memory>
	<os><type arch='x86_64' machine='pc'>hvm</type><bios useserial='yes'/></os><devices>
	<emulator>/usr/bin/qemu-system-x86_64</emulator>
	<serial type='pty'/><console type='pty'/>
	<graphics type='spice'><listen type='none'/></graphics><video><model type='vga'/></video>
	</devices></domain>
	XML
}
state_of() { sallyport list vms --json | python3 -c 'import json,sys; print([r["state"] for r in json.load(sys.stdin) if r["vm"] == sys.argv[1]][0])' "$1"; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
libvirtd_begin
began=$SECONDS
for d in webdev Books; do domain $d >"$GW/$d.xml"; done
virsh define "$GW/Books.xml" >/dev/null || fail "define Books"
domain_begin webdev
echo "a domain after $((SECONDS - began)) s"

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
rm /etc/sallyport/vms.conf; printf '[host]\n' >/etc/sallyport/vms.conf
sallyport vm import >"$GW/import" || fail "vm import"
check "vm import: a section for a domain" "~[vm webdev]
title  = domain webdev
spice  = libvirt:webdev
serial = libvirt:webdev" "$(cat "$GW/import")"
check "  one that cannot have its name here is commented out" "~# left out: Books is no name for a VM here" "$(cat "$GW/import")"
check "  and nothing was changed" "" "$(ls /etc/sallyport/vms.conf.d 2>/dev/null)"
sallyport vm import --write libvirt.conf >"$GW/out" && pass "  --write" || fail "--write: $(cat "$GW/out")"
check "  is what it prints" "" "$(diff "$GW/import" /etc/sallyport/vms.conf.d/libvirt.conf)"
check "  under no other name" libvirt.conf "$(ls /etc/sallyport/vms.conf.d)"
check "  never overwrites" 1 "$(sallyport vm import --write libvirt.conf >/dev/null 2>&1; echo $?)"
check "  a name with a folder" 64 "$(sallyport vm import --write ../x.conf >/dev/null 2>&1; echo $?)"
check "  a libvirt that is not there" 75 "$(sallyport vm import --uri qemu+unix:///nowhere >/dev/null 2>&1; echo $?)"

cat >/etc/sallyport/vm_mappings <<'CONF'
anne     webdev  spice,serial  always
CONF
sallyport check >"$GW/out" 2>&1 && pass "the written file is good" || fail "check: $(cat "$GW/out")"
gw_reload >"$GW/out" 2>&1 || fail "reload: $(cat "$GW/out")"
sed -i '/^# BEGIN sallyport/,/^# END sallyport/d' /etc/hosts; gw_hosts
sed -i '/^# sshd for Sallyport/,$d' /etc/ssh/sshd_config; sallyport print sshd >>/etc/ssh/sshd_config
gw_sshd_reload
gw_wait 60 is_state webdev running && pass "list vms: running" || fail "state: $(state_of webdev) $(tail -3 "$GW/daemon.log")"
master() { pgrep -o -f '[v]irt --libvirt'; }
check "its account, and libvirt's group alone" "_sallyport-virt $(getent group libvirt | cut -d: -f3)" \
	"$(ps -o user:20= -p "$(master)" | tr -d ' ') $(awk '/^Groups:/ {print $2 $3}' "/proc/$(master)/status")"

spice() { # [ssh options]: over one connection, as -W
	gw_press anne >"$GW/otp.anne"
	GW_OTP=$GW/otp.anne GW_ASKED=$GW/asked SSH_ASKPASS=$GW/askpass SSH_ASKPASS_REQUIRE=force \
		timeout 60 "$BUILD/tests/spice_link" run ssh -F none -i "$GW/anne.key" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -W webdev:5900 anne@127.0.0.1 2>&1
}
check "SPICE through sshd, though nothing listens" "~SPICE session 0x" "$(spice)"
check "  nothing does" "" "$(ss -Hltnp | grep qemu)"
GW_TIMEOUT=200 gw_ssh anne -N -L "$GW/serial.sock:/run/sallyport/vm/webdev/serial" >/dev/null 2>&1 </dev/null & SSH=$!
gw_wait 30 test -S "$GW/serial.sock"
python3 - "$GW/serial.sock" <<'PY' && pass "the serial console: what the BIOS writes; one's own second takes the seat" || fail "serial: $(gw_log '"right":"serial"' | tail -3)"
import re, socket, subprocess, sys, time
def reset_until(line): # what the BIOS writes before somebody has the line is lost
    end = time.monotonic() + 30
    while not re.search("serial.* taken", subprocess.run(["sallyport", "list", "seats"], stdout=subprocess.PIPE, text=True).stdout):
        if time.monotonic() > end:
            sys.exit("nobody has the line")
        time.sleep(0.05)
    text, end = b"", time.monotonic() + 90
    line.settimeout(15)
    while b"SeaBIOS" not in text: # taken is not open yet: it is reset until it is heard
        time.sleep(0.2)
        subprocess.run(["virsh", "reset", "webdev"], stdout=subprocess.DEVNULL)
        try:
            while b"SeaBIOS" not in text:
                data = line.recv(4096)
                text += data
                if not data:
                    sys.exit(f"closed after {text}")
        except TimeoutError:
            if time.monotonic() > end:
                sys.exit(f"nothing but {text}")
    line.settimeout(60)
a = socket.socket(socket.AF_UNIX); a.connect(sys.argv[1])
reset_until(a)
b = socket.socket(socket.AF_UNIX); b.connect(sys.argv[1])
while a.recv(4096):
    pass
reset_until(b)
PY
pkill -P $SSH; wait $SSH 2>/dev/null
gw_logged 20 '"event":"close"' '"right":"serial"' "replaced by a newer one" && pass "  the record says why" || fail "no record of the first's end"
gw_wait 20 bash -c '[ "$(pgrep -c -f "[v]irt --libvirt")" -le 3 ]' && pass "  its process ends with it" || fail "children: $(pgrep -a -f '[v]irt --libvirt')"

virsh suspend webdev >/dev/null; gw_wait 20 is_state webdev paused && pass "an event: paused" || fail "paused: $(state_of webdev)"

# A guest that reads nothing holds neither the console nor a place among libvirt's.
rm -f "$GW/serial.sock"
GW_TIMEOUT=200 gw_ssh anne -N -M -S "$GW/stuck.ctl" -L "$GW/serial.sock:/run/sallyport/vm/webdev/serial" >/dev/null 2>&1 & SSH=$!
gw_wait 30 test -S "$GW/serial.sock"
python3 - "$GW/serial.sock" <<'PY' >"$GW/types" & TYPES=$!
import socket, sys, time
a = socket.socket(socket.AF_UNIX); a.connect(sys.argv[1]); a.settimeout(1)
try:
    for _ in range(4000):
        a.sendall(b"x" * 4096)
except TimeoutError:
    print("nothing more is taken", flush=True)
time.sleep(120)
PY
gw_wait 30 sh -c 'sallyport list seats | grep -q "serial.*taken"' || fail "no serial line: $(sallyport list seats)"
gw_wait 60 grep -q 'nothing more' "$GW/types" || fail "the guest reads: $(cat "$GW/types")"
before=$(pgrep -c -f '[v]irt --libvirt')
kill $TYPES
ssh -F none -S "$GW/stuck.ctl" -O exit x 2>/dev/null
gw_wait 20 bash -c '[ "$(pgrep -c -f "[v]irt --libvirt")" -lt '"$before"' ]' && pass "the guest reads nothing, the user leaves: the console's process ends" ||
	fail "it stays: $(pgrep -a -f '[v]irt --libvirt')" # for half a minute, until libvirtd misses its answers
kill $SSH 2>/dev/null; wait $TYPES $SSH 2>/dev/null
virsh resume webdev >/dev/null; gw_wait 20 is_state webdev running && pass "an event: running" || fail "running: $(state_of webdev)"

# libvirtd hangs: told so in time; the daemon goes on.
kill -STOP $LIBVIRTD
began=$SECONDS
check "libvirtd hangs: nothing comes" "~refused, error 1" "$(spice)"
told=$SECONDS
[ $((SECONDS - began)) -le 30 ] && pass "  in time" || fail "  $((SECONDS - began)) s"
gw_logged 20 '"event":"deny"' "the VM does not answer in time" && pass "  the record says so" || fail "$(gw_log '"event":"deny"' | tail -1)"
gw_wait 60 is_state webdev "" && pass "  the state is unknown" || fail "state: $(state_of webdev)"
kill -CONT $LIBVIRTD
gw_wait 60 is_state webdev running && pass "  and known again" || fail "state: $(state_of webdev)"
while [ $SECONDS -lt $((told + 7)) ]; do sleep 0.1; done # it is left alone for five seconds
check "  and SPICE again" "~SPICE session 0x" "$(spice)"
# libvirtd killed and started again: domains live on.
libvirtd_stop -KILL
check "libvirtd is down: nothing comes" "~refused, error 1" "$(spice)"
gw_logged 20 '"event":"deny"' "libvirt cannot be reached" && pass "  the record says so" || fail "$(gw_log '"event":"deny"' | tail -1)"
libvirtd_start
check "  and up again: SPICE" "~SPICE session 0x" "$(spice)"
gw_wait 60 is_state webdev running && pass "  running" || fail "state: $(state_of webdev)"

virsh destroy webdev >/dev/null
gw_wait 20 is_state webdev "shut off" && pass "shut off" || fail "off: $(state_of webdev)"
check "  nothing comes" "~refused, error 1" "$(spice)"
gw_logged 20 '"event":"deny"' "the VM is shut off" && pass "  the record says so" || fail "$(gw_log '"event":"deny"' | tail -1)"
rm -r /etc/sallyport/vms.conf.d; gw_policy; gw_reload >/dev/null 2>&1
gw_wait 20 bash -c '! pgrep -f "[v]irt --libvirt"' && pass "without libvirt: back ends it ends, with its children" || fail "$(pgrep -a -f '[v]irt --libvirt')"
libvirtd_stop
finish
