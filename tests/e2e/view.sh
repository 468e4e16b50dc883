#!/bin/bash
# sallyport-view on another computer: a network namespace with a home and a user of its own
# and nothing of the gateway's, a cable to it, real ssh and remote-viewer, a real guest.
# One OTP for all of it; when the window closes nothing is left; a refusal is said in words.
# timeout: 300
# shellcheck disable=SC2034
GW_SSHD='ListenAddress 192.0.2.1'
. tests/e2e/lib.sh
. tests/support/console.sh
export GW BUILD
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today
AT=/run/user/desk

gw_policy() {
	mkdir -p /etc/sallyport /run/vms
	printf '[sallyport]\ngated = @vmusers\nbackend_uid = vmhost\n' >/etc/sallyport/sallyport.conf
	cat >/etc/sallyport/vms.conf <<-CONF
	[vm books]
	spice = unix:/run/vms/books.spice

	[vm paint]
	vnc = unix:/run/vms/paint.vnc

	[vm webdev]
	title = web server for development
	spice = unix:/run/vms/webdev.spice
	CONF
	cat >/etc/sallyport/vm_mappings <<-CONF
	anne     webdev  spice  always
	anne     paint   vnc    always
	anne     books   spice  $DAY
	maggie   webdev  spice,takeover  always
	CONF
	printf 'anne:%s\nmaggie:%s\n' "$(cat "$GW/anne.id")" "$(cat "$GW/maggie.id")" >/etc/sallyport/yubikey_mappings
	chmod 644 /etc/sallyport/*.conf /etc/sallyport/*_mappings
}
gw_backends() {
	chown vmhost /run/vms
	vm_start webdev 1f unix:/run/vms/webdev.spice && vm_start paint 2f vnc:/run/vms/paint.vnc
}
end() { console_stop; ip netns delete desk; finish; }

# --- the other computer
ip netns add desk || { echo "no network namespace can be made here"; exit 77; }
ip link add gw0 type veth peer name desk0 netns desk
ip address add 192.0.2.1/24 dev gw0 && ip link set gw0 up
ip -n desk address add 192.0.2.2/24 dev desk0 && ip -n desk link set desk0 up && ip -n desk link set lo up
useradd -m desk
mkdir -p $AT /home/desk/.ssh /home/desk/.config/virt-viewer
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
cp "$GW/anne.key" /home/desk/.ssh/id_ed25519
sed 's/^/192.0.2.1 /' /etc/ssh/ssh_host_ed25519_key.pub >/home/desk/.ssh/known_hosts
printf 'Host gw\n\tHostName 192.0.2.1\n\tLocalForward 15999 webdev:5900\nHost nobody\n\tHostName 192.0.2.9\n' >/home/desk/.ssh/config
printf '[virt-viewer]\nask-quit=false\n' >/home/desk/.config/virt-viewer/settings
chown -R desk: $AT /home/desk
chmod 700 $AT /home/desk/.ssh

cat >"$GW/at_desk" <<'SH' # what of this machine the other has not
for folder in /run/sallyport /etc/sallyport /usr/libexec/sallyport /run/vms /home/anne; do mount -t tmpfs none $folder; done
for program in /usr/sbin/sallyport /usr/sbin/sallyportd /usr/bin/sallyport-shell; do mount --bind /dev/null $program; done
cd /home/desk
exec setpriv --reuid desk --regid desk --init-groups env -i HOME=/home/desk USER=desk PATH=/usr/bin:/bin \
	DISPLAY=:71 XDG_RUNTIME_DIR=/run/user/desk GDK_BACKEND=x11 NO_AT_BRIDGE=1 LC_ALL=C.UTF-8 "$@"
SH
at_desk() { ip netns exec desk sh "$GW/at_desk" "$@"; }
# In the background, at a terminal; what it showed is in $CONSOLE/TAG.log.
starts() { # TAG ARG…
	local tag=$1
	shift
	python3 -B tests/support/desk.py anne ip netns exec desk sh "$GW/at_desk" sallyport-view "$@" >"$CONSOLE/$tag.log" 2>&1 </dev/null & DESK=$!
}
shown() { tr -d '\r' <"$CONSOLE/$1.log"; }
ended() { wait $DESK; STATUS=$?; }
runs() { "starts" "$@"; ended; } # to its end: sets STATUS
left() { pgrep -u desk -a; find $AT /tmp -mindepth 1 -user desk; }
nothing_left() { check "$1: nothing is left: no process, no file" '' "$(left)"; }
otps() { gw_log '"event":"otp"' '"verdict":"allow"' '"user":"anne"' | grep -c .; }
is_out() { ! sallyport list connections | grep -qw anne; }
close_window() { DISPLAY=:71 timeout 20 python3 -B tests/support/close_window.py "$1" || fail "no window $1"; }

xvfb_start 71 || end
check "the other computer has nothing of the gateway's" '' "$(at_desk find /run/sallyport /etc/sallyport -mindepth 1; at_desk sh -c 'command -v sallyportd')"

# --- a console, with one OTP
starts view anne@gw webdev
frame_wait webdev 71 && pass "the VM's frame is on the screen" || { fail "no frame: $(shown view)"; picture_keep 71 view; }
check "  after one prompt, at the terminal" 1 "$(shown view | grep -c YubiKey)"
check "  and one OTP" 1 "$(otps)"
windows_titled 71 '^webdev on gw' && pass "  the window says which VM, and where" || fail "  no such title"
check "  the private folder is private" 700 "$(stat -c %a $AT/sallyport-view.*)"
check "  no forward of ssh_config, nothing on a port" '' "$(ip netns exec desk ss -Hltn)"
check "  the record has the other computer's address" '~192.0.2.2' "$(gw_log '"event":"open"' '"right":"spice"')"
close_window 'webdev on gw'
ended
check "  the window is closed: exit status" 0 $STATUS
nothing_left "  closed"
gw_wait 5 is_out && pass "  the connection is gone" || fail "  still connected"
shown view
end
