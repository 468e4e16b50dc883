#!/bin/bash
# What rights leave out of a real console, by real viewers and by raw clients that claim
# all of it: a guest's agent (clipboard, files, mouse), devices, view-only, and a server
# that sends the viewer elsewhere. What counts is what QEMU and the guest's agent get.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/console.sh

gw_policy() {
	gw_conf 'links_per_s = 2000'
	printf '[vm %s]\nspice = unix:/run/vms/%s.spice\n' webdev webdev >/etc/sallyport/vms.conf
	printf '[vm paint]\nvnc = unix:/run/vms/paint.vnc\n' >>/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice always' 'anne paint vnc always'
}
# A reload ends what loses a right; so each part begins with nobody there.
regrant() { gw_regrant "anne webdev $1 always" "anne paint ${2:-vnc} always"; } # RIGHTS [RIGHTS-ON-PAINT]
gw_backends() {
	chown vmhost /run/vms
	mkdir -p "$CONSOLE/run"
	chown vmhost "$CONSOLE/run"
	vm_start webdev 1f unix:/run/vms/webdev.spice "${wired[@]}" "${devices[@]}" &&
		vm_start paint 2f vnc:/run/vms/paint.vnc || return 1
	mkfifo "$GW/orders"
	exec 6<>"$GW/orders"
	python3 -B tests/support/agent.py "$CONSOLE/run/agent" <"$GW/orders" >>"$GW/agent" 2>&1 & AGENT=$!
	gw_wait 30 grep -q ready "$GW/agent"
}
# The agent's channel leads to the guest's first serial line, the second to our agent.
wired=(-chardev "spicevmc,id=vdagent,name=vdagent" -serial chardev:vdagent
	-chardev "socket,id=script,path=$CONSOLE/run/agent,server=on,wait=off" -serial chardev:script)
devices=(-audiodev "spice,id=snd" -device intel-hda -device "hda-duplex,audiodev=snd"
	-device virtio-serial-pci -chardev "spiceport,id=share,name=org.spice-space.webdav.0"
	-device "virtserialport,chardev=share,name=org.spice-space.webdav.0"
	-device "qemu-xhci,id=usb" -chardev "spicevmc,id=redir,name=usbredir"
	-device "usb-redir,bus=usb.0,chardev=redir"
	-device "piix3-usb-uhci,id=usb1" -device "usb-ccid,bus=usb1.0"
	-chardev "spicevmc,id=card,name=smartcard" -device "ccid-card-passthru,chardev=card")
WHERE=tcp:127.0.0.1:15900
end() { exec 6>&-; console_stop; [ -z "${AGENT:-}" ] || kill "$AGENT" 2>/dev/null; finish; }
raw() { timeout 40 python3 -B tests/support/spice.py "$@" 2>&1; }
free() { gw_wait 20 sh -c '! sallyport list seats | grep -q " taken"' || fail "the seat is not free"; }
session_of() { vm_qmp "$1" query-spice | python3 -c 'import json, sys
print([c["connection-id"] & 0xffffffff for c in json.load(sys.stdin)["channels"] if c["channel-type"] == 1][0])'; }
closed() { # of the session that has just been left: sets LINE, its record
	CLOSES=$((CLOSES + 1))
	gw_wait 20 closes $CLOSES || fail "a session's end is not on record"
	LINE=$(gw_log '"event":"close"' | sed -n "${CLOSES}p")
}
count() { gw_log '"event":"close"' | grep -c .; }
closes() { [ "$(count)" -ge "$1" ]; }
heard() { gw_wait "${2:-20}" grep -q "^heard $1" "$GW/agent"; }
anew() { : >"$GW/agent"; } # what the agent has heard till now is forgotten
copy() { # TEXT: on the viewer's screen, for as long as COPIED lives
	: >"$GW/copied"
	env DISPLAY=:71 HOME="$CONSOLE/home-clip" python3 -B tests/support/clip.py copy "$1" >"$GW/copied" 2>&1 & COPIED=$!
	gw_wait 20 grep -q copied "$GW/copied"
}
pasted() { env DISPLAY=:71 HOME="$CONSOLE/home-clip" timeout 8 python3 -B tests/support/clip.py paste; }
has() { [ "$(pasted)" = "$1" ]; }
focus() { DISPLAY=:71 timeout 20 xdotool windowfocus --sync "$(DISPLAY=:71 xdotool search --onlyvisible --name . | tail -1)"; }
uncopy() { [ -n "$COPIED" ] || return; kill "$COPIED" 2>/dev/null; wait "$COPIED" 2>/dev/null; }
mouse() { vm_qmp webdev query-spice | sed 's/.*"mouse-mode": "\([a-z]*\)".*/\1/'; }
# A client of its own making: asks main for a mouse mode, 2 is the client's.
ask_mouse() { python3 -B - "$WHERE" <<-'PY'
	import struct, sys
	sys.path.insert(0, "tests/support")
	import spice
	s = spice.Session(sys.argv[1])
	s.attach()
	s.main.send(spice.MOUSE_MODE_REQUEST, struct.pack("<H", 2))
	s.run(1)
	PY
}

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
CLOSES=$(count)
xvfb_start 71 || end
hold anne anne -L 127.0.0.1:15900:webdev:5900 -L 127.0.0.1:15800:paint:5800

# --- the clipboard, with its right
regrant spice,clipboard
viewer_start 71 copies spice://127.0.0.1:15900
works "with clipboard" webdev 71 copies
heard announce_capabilities && pass "  the guest's agent and the viewer find each other" || fail "no agent: $(cat "$GW/agent")"
# Again where the viewer was not yet ready for it.
copied() { uncopy; copy from-the-viewer; focus; heard 'clipboard .*from-the-viewer' 5; }
given() { echo 'copy from-the-guest' >&6; gw_wait 5 has from-the-guest; }
COPIED=
gw_wait 60 copied && pass "  what the user copied is in the guest" || fail "the guest heard: $(cat "$GW/agent")"
uncopy
gw_wait 60 given && pass "  what the guest copied is the user's" || fail "the user has: $(pasted)"
viewer_stop copies; closed; free

# --- and without
regrant spice
anew
viewer_start 71 plain spice://127.0.0.1:15900
works "without clipboard" webdev 71 plain
heard announce_capabilities && pass "  the agent is there" || fail "no agent: $(cat "$GW/agent")"
copy secret-of-the-viewer; focus
echo 'copy secret-of-the-guest' >&6
sleep 1.5
check "  nothing of the clipboard comes to the guest" "" "$(grep -i 'clip\|secret' "$GW/agent")"
uncopy
check "  nor to the user" "" "$(pasted)"
viewer_stop plain; closed; free
viewer_said plain 'unhandled error' && fail "  the viewer is offered what it may not: $(cat "$CONSOLE/plain.log")" || pass "  the viewer is not offered what it may not"
for kind in usbredir record webdav smartcard port; do
	[[ $LINE == *" $kind"* || $LINE == *"\"$kind"* ]] && fail "  the viewer opened $kind: $LINE"
done
[[ $LINE == *main:0=* && $LINE == *inputs:0=* ]] && pass "  no device of his was opened either" || fail "$LINE"

# --- a raw client says all of it
all='clipboard_grab=secret clipboard=secret clipboard_request=secret clipboard_release=secret max_clipboard=secret
file_xfer_start=secret file_xfer_data=secret file_xfer_status=secret mouse_state=secret client_disconnected=secret
graphics_device_info=secret 77=secret'
anew
# shellcheck disable=SC2086
# The other way once the client's last word is there; what comes last ends the client.
(heard 'monitors_config plain' 30; for word in 'clipboard secret' 'clipboard_grab secret' 'file_xfer_status secret' 'reply plain'; do echo "$word"; sleep 0.1; done) >&6 &
raw agent $WHERE --hold 30 --until reply --say $all "clipboard=secret$(printf '%05000d' 0)" monitors_config=plain >"$GW/raw"
heard 'monitors_config plain' && pass "a raw client: what needs no more than spice arrives" || fail "the agent heard: $(cat "$GW/agent") the client: $(cat "$GW/raw")"
check "  to the agent of all else nothing" "" "$(grep secret "$GW/agent")"
grep -q "heard reply $(printf plain | od -An -v -tx1 | tr -d ' \n')" "$GW/raw" && pass "  the other way: the same" || fail "the client: $(cat "$GW/raw")"
check "  to the client nothing else" "" "$(grep -i "heard.*$(printf secret | od -An -v -tx1 | tr -d ' \n')" "$GW/raw")"
closed; free
regrant spice,share
anew
# It stays until the guest has it: what is on the way is lost when a client goes.
(heard 'file_xfer_start plain' 30; echo 'reply plain') >&6 &
raw agent $WHERE --hold 30 --until reply --say file_xfer_start=plain clipboard=secret >"$GW/raw"
heard 'file_xfer_start plain' && pass "share: files" || fail "the agent heard: $(cat "$GW/agent")"
check "  and no clipboard" "" "$(grep secret "$GW/agent")"
closed; free

# --- devices
viewer_start 71 shares spice://127.0.0.1:15900
frame_wait webdev 71 || fail "share: no frame"
ID=$(session_of webdev)
for kind in usbredir smartcard record; do
	check "$kind, by a raw client over the same connection" "error 7" "$(raw link $WHERE --kind $kind --connection "$ID")"
done
check "  webdav, by its right" "result 0" "$(raw link $WHERE --kind webdav --connection "$ID")"
viewer_stop shares; closed; free
regrant spice,usb,mic,smartcard
viewer_start 71 devices spice://127.0.0.1:15900
works "with usb, mic and smartcard" webdev 71 devices
check "  webdav is not among them" "error 7" "$(raw link $WHERE --kind webdav --connection "$(session_of webdev)")"
check "  smartcard, which it opens when told to, is" "result 0" "$(raw link $WHERE --kind smartcard --connection "$(session_of webdev)")"
viewer_stop devices
closed; free
[[ $LINE == *usbredir:0=* && $LINE == *record:0=* ]] && pass "  its viewer opened usbredir and record" || fail "  $LINE"

# --- a server that sends its viewer elsewhere
python3 tests/support/backend.py tcp 127.0.0.1 15999 "$GW/elsewhere" & GW_PIDS="$GW_PIDS $!"
gw_wait 20 test -s "$GW/elsewhere"
viewer_start 71 stays spice://127.0.0.1:15900
works "a viewer" webdev 71 stays
vm_qmp webdev client_migrate_info '{"protocol":"spice","hostname":"127.0.0.1","port":15999}' >"$GW/migrate" || fail "client_migrate_info: $(cat "$GW/migrate")"
sleep 1.5
check "  that the VM sends elsewhere does not go there" 0 "$(cat "$GW/elsewhere")"
works "  and goes on" webdev 71 stays
viewer_stop stays; closed; free

# --- who works may ask for the mouse's mode, who looks may not
ask_mouse
mouse_is() { [ "$(mouse)" = "$1" ]; }
gw_wait 10 mouse_is client && pass "with spice main takes a request for the mouse" || fail "the mouse is $(mouse)"
closed; free
vm_stop webdev # a new one: who has asked once has asked
wait "$AGENT" 2>/dev/null
vm_start webdev 1f unix:/run/vms/webdev.spice "${wired[@]}" "${devices[@]}" || end
python3 -B tests/support/agent.py "$CONSOLE/run/agent" <"$GW/orders" >>"$GW/agent" 2>&1 & AGENT=$!
gw_wait 30 grep -q ready "$GW/agent"
regrant spice:view vnc:view
was=$(mouse)
ask_mouse
check "view-only: main takes none" "$was" "$(mouse)"
closed; free
viewer_start 71 looks spice://127.0.0.1:15900
frame_wait webdev 71 && pass "view-only: the frame is shown" || { fail "view-only: no frame"; picture_keep 71 looks; }
guest_look webdev
keys_type 71 h e y
DISPLAY=:71 timeout 5 xdotool mousemove 300 200 click 1 mousemove 400 300 click 3
guest_changed webdev 2 && fail "view-only: a key arrives" || pass "  keys and mouse do nothing"
vm_qmp webdev send-key '{"keys":[{"type":"qcode","data":"z"}]}' >/dev/null
guest_changed webdev && frame_wait webdev 71 && pass "  the picture goes on" || { fail "  the picture does not go on"; picture_keep 71 looks; }
check "  a raw client gets no inputs" "error 7" "$(raw link $WHERE --kind inputs --connection "$(session_of webdev)")"
viewer_stop looks; closed; free
[[ $LINE == *'"right":"spice:view"'* && $LINE == *display:0=* && $LINE != *inputs* ]] && pass "  on record without inputs" || fail "  $LINE"
anew
(sleep 1; echo 'reply secret') >&6 &
raw agent $WHERE --tokens 10 --hold 2 --say monitors_config=secret announce_capabilities=secret display_config=secret >"$GW/raw"
check "  a raw client, without a token, says to the agent" 3 "$(grep -c '^sent' "$GW/raw")"
check "  of which not a word arrives" "" "$(grep heard "$GW/agent" | grep -v "from port")" # but the server's own
check "  nor a word from it" "" "$(grep heard "$GW/raw")"
vncviewer_start 71 vnc_looks 127.0.0.1::15800
frame_wait paint 71 && pass "vnc:view: the frame is shown" || { fail "vnc:view: no frame"; picture_keep 71 vnc_looks; }
guest_look paint
keys_type 71 h e y
guest_changed paint 2 && fail "vnc:view: a key arrives" || pass "  keys do nothing"
vm_qmp paint send-key '{"keys":[{"type":"qcode","data":"z"}]}' >/dev/null
guest_changed paint && frame_wait paint 71 && pass "  the picture goes on" || { fail "  the picture does not go on"; picture_keep 71 vnc_looks; }
viewer_stop vnc_looks
end
