# shellcheck shell=bash
# Real consoles: QEMU guests that draw and listen, viewers on screens without a
# screen, a hand at their keys, and eyes. Sourced after tests/e2e/lib.sh.
#
#   vm_start NAME COLOURS CONSOLE [QEMU ARG…]   a guest that shows NAME; COLOURS is a
#                       VGA attribute (1f: white on blue), CONSOLE one of unix:PATH
#                       tcp:HOST:PORT none (SPICE; none: QMP alone leads to it, past its password) and
#                       vnc:PATH. Runs as vmhost; VM_DEVICES=full: sound, USB, agent …;
#                       VM_ACCEL=kvm instead of tcg
#   vm_qmp NAME COMMAND [JSON]                  asks QEMU
#   vm_stop NAME
#   xvfb_start N        screen :N; one for each viewer, as there is no window manager
#   viewer_start N TAG URI-OR-FILE [ARG…]       remote-viewer on :N
#   vncviewer_start N TAG WHERE                 vncviewer on :N
#   viewer_stop TAG     viewer_lives TAG
#   viewer_ends TAG SECONDS [STATUS]            until it has ended by itself, with that exit
#                       status (0)
#   frame_wait NAME N [SECONDS]                 until :N shows what the guest draws
#   keys_type N KEY…    as xdotool names them
#   guest_look NAME     guest_changed NAME [SECONDS]   until it differs from that look
#   hold USER NAME ARG…                         gw_hold, or the end
#   works WHAT NAME N TAG                       the frame is shown on :N and a key arrives
#   viewer_refused N TAG NAME                   that viewer is told so, and ends
#   console_by_turns WAY LISTENERS COMMAND      anne's SPICE viewer on :71, COMMAND beside it;
#                       maggie takes over; anne's VNC viewer; all on record
#   picture_keep N WHAT                         into $BUILD/logs, when something failed

CONSOLE=$GW/console
GUEST_IMAGE=$BUILD/guest/screen.img
GUEST_ATTR_AT=389 # behind "ATTR=" and "NAME=" in tests/guest/screen.S
GUEST_NAME_AT=395
mkdir -p "$CONSOLE"
for need in "$GUEST_IMAGE" "$BUILD/tests/frame"; do
	[ -e "$need" ] || { echo "$need is missing (make support)"; exit 1; }
done
for need in qemu-system-x86_64 remote-viewer xtigervncviewer Xvfb xdotool; do
	command -v $need >/dev/null || { echo "$need is missing"; exit 77; }
done

console_end() { # PIDFILE: what was started here, and nothing else
	local pid
	pid=$(cat "$1" 2>/dev/null) || return 0
	rm -f "$1"
	kill "$pid" 2>/dev/null || return 0
	gw_wait 3 console_gone "$pid" || kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}
console_gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
console_stop() { # all of it; call before finish
	local file
	for file in "$GW"/*.ctl; do
		[ ! -S "$file" ] || ssh -F none -S "$file" -O exit x 2>/dev/null
	done
	for file in "$CONSOLE"/*.viewer "$CONSOLE"/*.vm "$CONSOLE"/*.xvfb; do
		[ ! -e "$file" ] || console_end "$file"
	done
}

# The guest only waits and echoes: emulated it starts in a second, everywhere alike.
# VM_ACCEL=kvm wants KVM. The machine's own /dev/kvm is not to be touched for that: the
# copy gets a node of its own.
VM_ACCEL=${VM_ACCEL:-tcg}
console_kvm() {
	local node
	[ "$VM_ACCEL" = kvm ] || return 0
	node=$(stat -c '0x%t 0x%T' /dev/kvm) || { fail "no /dev/kvm here"; return 1; }
	setpriv --reuid vmhost --regid vmhost --clear-groups test -w /dev/kvm && return
	umount /dev/kvm 2>/dev/null
	# shellcheck disable=SC2086
	rm -f /dev/kvm && mknod -m 600 /dev/kvm c $node && chown vmhost /dev/kvm
}

guest_image() { # NAME COLOURS FILE
	cp "$GUEST_IMAGE" "$3"
	truncate -s 1M "$3"
	# shellcheck disable=SC2059
	printf "\\x$2" | dd of="$3" bs=1 seek=$GUEST_ATTR_AT conv=notrunc status=none
	printf '%.39s' "$1" | dd of="$3" bs=1 seek=$GUEST_NAME_AT conv=notrunc status=none
}

vm_full=(-audiodev "spice,id=snd" -device intel-hda -device "hda-duplex,audiodev=snd"
	-device virtio-serial-pci
	-chardev "spicevmc,id=agent,name=vdagent" -device "virtserialport,chardev=agent,name=com.redhat.spice.0"
	-chardev "spiceport,id=share,name=org.spice-space.webdav.0"
	-device "virtserialport,chardev=share,name=org.spice-space.webdav.0"
	-device "qemu-xhci,id=usb" -chardev "spicevmc,id=redir,name=usbredir"
	-device "usb-redir,bus=usb.0,chardev=redir"
	-device "piix3-usb-uhci,id=usb1" -device "usb-ccid,bus=usb1.0"
	-chardev "spicevmc,id=card,name=smartcard" -device "ccid-card-passthru,chardev=card")

vm_start() { # NAME COLOURS CONSOLE [QEMU ARG…]
	local name=$1 colours=$2 console=$3 place=${3#*:} where=() devices=()
	shift 3
	mkdir -p "$CONSOLE/run"
	chown vmhost "$CONSOLE/run" # its sockets are made by vmhost
	rm -f "$CONSOLE/run/$name.qmp"
	case $console in
	unix:*) rm -f "$place"; where=(-spice "unix=on,addr=$place,disable-ticketing=on") ;;
	tcp:*) where=(-spice "addr=${place%:*},port=${place##*:},disable-ticketing=on") ;;
	vnc:*) rm -f "$place"; where=(-vnc "unix:$place") ;;
	none) where=(-spice port=0) ;; # and wants a password that nobody has
	*) fail "vm_start: no console is called $console"; return 1 ;;
	esac
	[ "${VM_DEVICES:-}" != full ] || devices=("${vm_full[@]}")
	guest_image "$name" "$colours" "$CONSOLE/$name.img"
	chmod 644 "$CONSOLE/$name.img"
	console_kvm || return 1
	setpriv --reuid vmhost --regid vmhost --clear-groups --no-new-privs \
		qemu-system-x86_64 -name "$name" -machine "pc,accel=$VM_ACCEL" -m 32 -nodefaults \
		-no-user-config -vga "${VM_VGA:-std}" -display none \
		-drive "file=$CONSOLE/$name.img,format=raw,if=ide,snapshot=on" \
		-qmp "unix:$CONSOLE/run/$name.qmp,server=on,wait=off" "${where[@]}" "${devices[@]}" "$@" \
		>"$CONSOLE/$name.log" 2>&1 </dev/null &
	echo $! >"$CONSOLE/$name.vm"
	gw_wait 60 guest_shows "$name" || { fail "$name drew nothing: $(tail -3 "$CONSOLE/$name.log")"; return 1; }
}
vm_stop() { console_end "$CONSOLE/$1.vm"; }
vm_qmp() { local name=$1; shift; python3 -B "$REPO/tests/support/qmp.py" "$CONSOLE/run/$name.qmp" "$@"; }
vm_dump() { # NAME TAG: a picture of what the guest draws; prints its file
	vm_qmp "$1" screendump "{\"filename\":\"$CONSOLE/run/$1.$2.ppm\"}" >/dev/null &&
		echo "$CONSOLE/run/$1.$2.ppm"
}
# The guest's own screen is there and whole: the BIOS's, and a picture that is being
# drawn, are on black.
guest_shows() { # NAME
	local one
	kill -0 "$(cat "$CONSOLE/$1.vm")" 2>/dev/null || return 1
	one=$(vm_dump "$1" boot) || return 1
	"$BUILD/tests/frame" lit "$one" >/dev/null
}

xvfb_start() { # N
	mkdir -p "$CONSOLE/x$1"
	Xvfb ":$1" -screen 0 1280x1024x24 -nolisten tcp -noreset -fbdir "$CONSOLE/x$1" \
		>"$CONSOLE/x$1.log" 2>&1 </dev/null &
	echo $! >"$CONSOLE/x$1.xvfb"
	gw_wait 30 env DISPLAY=":$1" xdotool mousemove 1279 1023 || { fail "no screen :$1: $(cat "$CONSOLE/x$1.log")"; return 1; }
}
on_screen() { # N TAG COMMAND…: with a home of its own
	local n=$1 tag=$2 home=$CONSOLE/home-$2
	shift 2
	mkdir -p "$home"
	chmod 700 "$home"
	env -u DBUS_SESSION_BUS_ADDRESS -u WAYLAND_DISPLAY DISPLAY=":$n" HOME="$home" XDG_RUNTIME_DIR="$home" \
		XDG_CONFIG_HOME="$home" XDG_CACHE_HOME="$home" GDK_BACKEND=x11 NO_AT_BRIDGE=1 GSETTINGS_BACKEND=memory LC_ALL=C.UTF-8 \
		"$@" >"$CONSOLE/$tag.log" 2>&1 </dev/null &
	echo $! >"$CONSOLE/$tag.viewer"
}
viewer_start() { # N TAG URI-OR-FILE [ARG…]
	local n=$1 tag=$2
	shift 2
	on_screen "$n" "$tag" remote-viewer "$@"
}
vncviewer_start() { # N TAG WHERE
	on_screen "$1" "$2" xtigervncviewer -SecurityTypes None -AlertOnFatalError=0 "$3"
}
viewer_stop() { console_end "$CONSOLE/$1.viewer"; }
viewer_lives() { kill -0 "$(cat "$CONSOLE/$1.viewer" 2>/dev/null)" 2>/dev/null && ! console_gone "$(cat "$CONSOLE/$1.viewer")"; }
viewer_gone() { ! viewer_lives "$1"; }
viewer_ends() { # TAG SECONDS [STATUS]
	local status
	gw_wait "$2" viewer_gone "$1" || return 1
	wait "$(cat "$CONSOLE/$1.viewer")" 2>/dev/null
	status=$?
	rm -f "$CONSOLE/$1.viewer"
	[ $status = "${3:-0}" ]
}
viewer_refused() { # N TAG NAME: that viewer says so in a dialog, and shows nothing
	gw_wait 30 viewer_said "$2" 'unhandled error 7' || { fail "$2: the viewer says nothing: $(cat "$CONSOLE/$2.log")"; picture_keep "$1" "$2"; return; }
	frame_is_there "$3" "$1" && fail "$2: the frame is shown all the same" || pass "$2: refused, error 7, no frame"
	sleep 0.3
	viewer_lives "$2" || fail "$2: it has ended without a word"
	gw_wait 30 dialog_answered "$1" "$2"
	viewer_ends "$2" 1 && pass "  and said so in a dialog" || { fail "$2: no dialog"; picture_keep "$1" "$2"; viewer_stop "$2"; }
}
# It is written before it is shown: a click may come before its one button does.
dialog_answered() { DISPLAY=:$1 timeout 5 xdotool mousemove 215 80 click 1; gw_wait 1 viewer_gone "$2"; } # N TAG
viewer_said() { grep -qE -- "$2" "$CONSOLE/$1.log"; } # TAG REGEX
windows_titled() { # N REGEX
	DISPLAY=":$1" timeout 5 xdotool search --onlyvisible --name "$2" >/dev/null 2>&1
}

frame_is_there() { # NAME N
	local guest
	guest=$(vm_dump "$1" frame) && "$BUILD/tests/frame" find "$CONSOLE/x$2/Xvfb_screen0" "$guest" >"$CONSOLE/found"
}
frame_wait() { gw_wait "${3:-60}" frame_is_there "$1" "$2"; }

keys_type() { # N KEY…
	local n=$1 window
	shift
	window=$(DISPLAY=":$n" timeout 20 xdotool search --onlyvisible --name . 2>/dev/null | tail -1)
	[ -n "$window" ] || { fail "no window on :$n to type into"; return 1; }
	DISPLAY=":$n" timeout 20 xdotool windowfocus --sync "$window" 2>/dev/null
	DISPLAY=":$n" timeout 30 xdotool key --delay 60 "$@"
}

guest_look() { vm_dump "$1" look >/dev/null; }
guest_differs() {
	local now
	now=$(vm_dump "$1" now) && ! "$BUILD/tests/frame" same "$CONSOLE/run/$1.look.ppm" "$now" >/dev/null
}
guest_changed() { gw_wait "${2:-20}" guest_differs "$1"; }

picture_keep() { # N WHAT
	mkdir -p "$BUILD/logs"
	"$BUILD/tests/frame" keep "$CONSOLE/x$1/Xvfb_screen0" "$BUILD/logs/console-$2.ppm" &&
		echo "      (the screen: $BUILD/logs/console-$2.ppm)"
	cat "$CONSOLE/found" 2>/dev/null
}

hold() { # USER NAME ARG…
	GW_LEVEL=INFO gw_hold "$@" || { fail "$1 did not get in: $(cat "$GW/$2.log")"; end; }
}

# Keys that come before the viewer's channel for them are lost: also those for which the
# gate has the channel and the viewer has not, as yet. They are typed again.
has_inputs() { sallyport list channels | grep -w "$1" | grep -qE 'inputs:0|vnc'; } # VM
works() { # WHAT NAME N TAG
	local what=$1 vm=$2 n=$3 tag=$4 _
	if ! frame_wait "$vm" "$n"; then
		fail "$what: no frame"; picture_keep "$n" "$tag"; cat "$CONSOLE/$tag.log"
		return 1
	fi
	pass "$what: the guest's frame is shown"
	gw_wait 20 has_inputs "$vm" || fail "$what: no channel for its keys"
	[ -z "${KEEP:-}" ] || picture_keep "$n" "$tag"
	guest_look "$vm"
	for _ in 1 2 3; do
		keys_type "$n" h e y
		guest_changed "$vm" 10 && break
	done
	if guest_differs "$vm" && frame_wait "$vm" "$n"; then
		pass "$what: a typed key arrives, and is seen"
	else
		fail "$what: no key arrived"; picture_keep "$n" "$tag"
		return 1
	fi
}

console_by_turns() {
	local right
	viewer_start 71 spice spice://127.0.0.1:15900
	works "SPICE over $1:" webdev 71 spice
	check "  it listens nowhere else now" "$2" "$(listens)"
	"$3"
	check "maggie, with takeover" "result 0" "$(timeout 30 python3 -B tests/support/spice.py link tcp:127.0.0.1:15910)"
	viewer_ends spice 30 && pass "  anne's viewer closes in order" || fail "  anne's viewer does not end"
	gw_wait 20 sh -c '! sallyport list seats | grep -q " taken"' # a serial line is free all the time
	vncviewer_start 71 vnc 127.0.0.1::15800
	works "VNC over $1:" webdev 71 vnc
	viewer_stop vnc
	for right in spice vnc; do
		gw_logged 20 '"event":"close"' '"user":"anne"' "\"right\":\"$right\"" && pass "$right: on record" || fail "no record of $right"
	done
}
