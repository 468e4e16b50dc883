#!/bin/bash
# Real consoles through the gate: QEMU guests behind unix: and tcp:, real remote-viewer
# and vncviewer, over real ssh, by each way that people use. The own guest's frame is
# to be seen, a typed key arrives; another's is refused, and on record.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/console.sh
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today

gw_policy() {
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
	[vm books]
	spice = tcp:127.0.0.1:20001

	[vm paint]
	vnc = unix:/run/vms/paint.vnc

	[vm webdev]
	spice = unix:/run/vms/webdev.spice
	CONF
	cat >/etc/sallyport/vm_mappings <<-CONF
	anne     webdev  spice  always
	anne     paint   vnc    always
	anne     books   spice  $DAY
	maggie   books   spice  always
	CONF
}
gw_backends() {
	chown vmhost /run/vms
	vm_start webdev 1f unix:/run/vms/webdev.spice && vm_start books 4f tcp:127.0.0.1:20001 &&
		vm_start paint 2f vnc:/run/vms/paint.vnc
}
end() { console_stop; finish; }

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
pass "three guests draw (on $VM_ACCEL)"
xvfb_start 71 && xvfb_start 72 || end

guest_is() { vm_dump "$2" size >/dev/null && [ "$(sed -n 2p "$CONSOLE/run/$2.size.ppm" | tr ' ' x)" = "$1" ]; }
# Three looks: a last stroke of drawing is no movement.
guest_moves() { for _ in 1 2 3; do guest_look "$1" && guest_changed "$1" || return 1; sleep 0.2; done; }
shown() { works "$@"; viewer_stop "$4"; }

hold anne anne -L 127.0.0.1:15900:webdev:5900 -L "$GW/anne.sock:/run/sallyport/vm/webdev/spice" \
	-L 127.0.0.1:15901:books:5900 -L 127.0.0.1:15800:paint:5800
hold maggie maggie -L 127.0.0.1:15902:books:5900

# Both at once, each on a screen of his own.
frame_is_there webdev 71 && fail "a frame is found where no viewer is" || pass "no viewer yet, no frame"
viewer_start 71 tcp spice://127.0.0.1:15900
viewer_start 72 books spice://127.0.0.1:15902
frame_wait webdev 71; frame_wait books 72
frame_is_there books 71 && fail "anne sees maggie's VM" || pass "each sees the own guest, not the other's: one"
frame_is_there webdev 72 && fail "maggie sees anne's VM" || pass "each sees the own guest, not the other's: other"
shown "ssh -L port:webdev:5900" webdev 71 tcp
shown "the other user, a VM behind tcp:" books 72 books

viewer_start 71 unix "spice+unix://$GW/anne.sock"
shown "a forwarded Unix socket" webdev 71 unix

printf '[virt-viewer]\ntype=spice\nhost=127.0.0.1\nport=15900\n' >"$GW/webdev.vv"
viewer_start 71 vv "$GW/webdev.vv"
shown "a .vv file" webdev 71 vv

ssh -F none -S "$GW/anne.ctl" -O forward -L 127.0.0.1:15910:webdev:5900 x 2>"$GW/err" || fail "no further forward: $(cat "$GW/err")"
viewer_start 71 mux spice://127.0.0.1:15910
shown "a forward added by ControlMaster" webdev 71 mux

viewer_start 71 moving spice://127.0.0.1:15900
frame_wait webdev 71 && gw_wait 20 has_inputs webdev || fail "no frame"
for _ in 1 2 3; do keys_type 71 F3; gw_wait 10 guest_is 800x600 webdev && break; done # as in works
guest_is 800x600 webdev && gw_wait 30 guest_shows webdev && frame_wait webdev 71 && pass "a picture, a part of it moving, is shown" ||
	{ fail "no picture"; picture_keep 71 picture; }
[ -z "${KEEP:-}" ] || picture_keep 71 moving
guest_moves webdev && pass "  it moves" || fail "  it does not move"
keys_type 71 F2
gw_wait 30 guest_is 720x400 webdev && guest_moves webdev && pass "  text that scrolls" || fail "  no scrolling text"
keys_type 71 F4
frame_wait webdev 71 && pass "  and the still text again" || fail "  no still text"
viewer_stop moving

out=$(python3 -B tests/support/spice.py session tcp:127.0.0.1:15900 --open display inputs | tr '\n' ' ')
check "the raw client, too, gets a session" "~channels cursor:0 display:0 inputs:0 display result 0 inputs result 0" "$out"

vncviewer_start 72 vnc 127.0.0.1::15800
shown "VNC by vncviewer" paint 72 vnc

viewer_start 71 refused spice://127.0.0.1:15901
gw_logged 30 '"event":"deny"' '"user":"anne"' '"vm":"books"' && pass "another day's VM: the refusal is on record" ||
	fail "no record of a refusal: $(tail -3 $AUDIT)"
gw_wait 30 viewer_said refused 'unhandled error|incomplete link|-104' && pass "  the viewer says that it cannot connect" ||
	{ fail "the viewer says nothing: $(cat "$CONSOLE/refused.log")"; picture_keep 71 refused; }
frame_is_there books 71 && fail "  and shows the frame all the same" || pass "  and shows no frame"
viewer_stop refused
check "the consoles are on record as opened" yes "$([ "$(gw_log '"event":"open"' '"right":"spice"' | grep -c .)" -ge 5 ] && echo yes)"
end
