#!/bin/bash
# sallyport-view on another computer: a network namespace with a home and a user of its own
# and nothing of the gateway's, a cable to it, real ssh and remote-viewer, a real guest.
# One OTP for all of it; when the window closes nothing is left; a refusal is said in words.
# timeout: 120
# shellcheck disable=SC2034
GW_SSHD='ListenAddress 192.0.2.1'
. tests/e2e/lib.sh
. tests/support/console.sh
export GW BUILD
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today
AT=/run/user/desk

gw_policy() {
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
	[vm books]
	spice = unix:/run/vms/books.spice

	[vm paint]
	vnc = unix:/run/vms/paint.vnc

	[vm webdev]
	title = web server for development
	spice = unix:/run/vms/webdev.spice
	folder = /srv/vms/webdev
	CONF
	cat >/etc/sallyport/vm_mappings <<-CONF
	anne     webdev  spice,sftp  always
	anne     paint   vnc    always
	anne     books   spice  $DAY
	maggie   webdev  spice,takeover  always
	CONF
}
gw_backends() {
	chown vmhost /run/vms
	mkdir -p /srv/vms
	install -d -m 2775 -g vmusers /srv/vms/webdev
	echo 'here I am' >/srv/vms/webdev/note
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
cp "$GW/fred.key" /home/desk/fred.key
sed 's/^/192.0.2.1 /' /etc/ssh/ssh_host_ed25519_key.pub >/home/desk/.ssh/known_hosts
printf 'Host gw\n\tHostName 192.0.2.1\n\tLocalForward 15999 webdev:5900\nHost nobody\n\tHostName 192.0.2.9\nHost jump\n\tHostName 192.0.2.1\n\tUser fred\n\tIdentityFile ~/fred.key\n' >/home/desk/.ssh/config
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
	# shellcheck disable=SC2086
	PATIENCE=300 python3 -B tests/support/desk.py anne ip netns exec desk sh "$GW/at_desk" ${VIEW:-sallyport-view} "$@" >"$CONSOLE/$tag.log" 2>&1 </dev/null & DESK=$!
}
shown() { tr -d '\r' <"$CONSOLE/$1.log"; }
ended() { wait $DESK; STATUS=$?; }
runs() { starts "$@"; ended; } # to its end: sets STATUS
left() { pgrep -u desk -a; find $AT /tmp -mindepth 1 -user desk; }
nothing_left() { check "$1: nothing is left: no process, no file" '' "$(left)"; }
otps() { gw_log '"event":"otp"' '"verdict":"allow"' '"user":"anne"' | grep -c .; }
is_away() { gw_wait 5 is_out && pass "  the connection is gone" || fail "  still connected: $(sallyport list connections)"; }
is_out() { ! sallyport list connections | grep -qw anne; }
maggie_leaves() { kill "$MAGGIE"; wait "$MAGGIE" 2>/dev/null; gw_wait 20 is_free || fail "the seat is not free: $(sallyport list seats)"; }
is_free() { sallyport list seats | grep webdev | grep -q ' free'; }
close_window() { DISPLAY=:71 timeout 20 python3 -B tests/support/close_window.py "$1" || fail "no window $1"; }

xvfb_start 71 || end
check "the other computer has nothing of the gateway's" '' "$(at_desk find /run/sallyport /etc/sallyport -mindepth 1; at_desk sh -c 'command -v sallyportd')"

# --- a console, with one OTP
starts view anne@gw webdev
frame_wait webdev 71 && pass "the VM's frame is on the screen" || { fail "no frame: $(shown view)"; picture_keep 71 view; }
check "  after one prompt, at the terminal" 1 "$(shown view | grep -c YubiKey)"
check "  and one OTP" 1 "$(otps)"
gw_wait 10 windows_titled 71 '^webdev on gw' && pass "  the window says which VM, and where" || fail "  no such title"
check "  the private folder is private" 700 "$(stat -c %a $AT/sallyport-view.*)"
check "  no forward of ssh_config, nothing on a port" '' "$(ip netns exec desk ss -Hltn)"
check "  the record has the other computer's address" '~192.0.2.2' "$(gw_log '"event":"open"' '"right":"spice"')"
guest_look webdev
gw_wait 20 has_inputs webdev && keys_type 71 h e y
guest_changed webdev && pass "  a typed key arrives" || fail "  no key arrives"
close_window 'webdev on gw'
ended
check "  the window is closed: exit status" 0 $STATUS
nothing_left "  closed"
is_away

printf '# the web server\r\ngateway = gw\r\nuser = anne\r\nvm = webdev\r\n' >/home/desk/web.sallyport
starts file web.sallyport
frame_wait webdev 71 && pass 'a .sallyport file: the frame' || fail "no frame: $(shown file)"
kill -USR1 $DESK
ended
check '  ^C at the terminal' 130 $STATUS
nothing_left '  ^C'
is_away

starts jump -J jump anne@gw webdev
frame_wait webdev 71 && pass 'by way of another host (-J): the frame' || fail "no frame: $(shown jump)"
close_window 'webdev on gw'
ended
check '  closed' 0 $STATUS
nothing_left '  -J'
is_away

starts paint anne@gw paint
frame_wait paint 71 && pass 'a VM with VNC alone: the frame, asking for nothing more' || { fail "no frame: $(shown paint)"; picture_keep 71 paint; }
check '  by a port of 127.0.0.1 alone' '' "$(ip netns exec desk ss -Hltn | grep -v '127.0.0.1:')"
close_window 'paint on gw'
ended
check '  closed' 0 $STATUS
nothing_left '  VNC'

# --- what it prints does it
at_desk sallyport-view --print anne@gw webdev >/home/desk/print.sh 2>&1
chown desk /home/desk/print.sh
VIEW='sh print.sh' starts print
frame_wait webdev 71 && pass 'the commands of --print: the frame' || fail "no frame: $(shown print)"
close_window 'webdev on gw'
ended
nothing_left '  what --print printed'

# --- refusals, in words, before any window
refused() { # WHAT STATUS WORDS: of the run that has ended, $1 is its tag too
	check "$1: exit status" "$2" $STATUS
	check '  in words' "~$3" "$(shown "$1")"
	DISPLAY=:71 xdotool search --onlyvisible --name . >/dev/null 2>&1 && fail '  a window' || pass '  no window'
	nothing_left "  $1"
}
runs another-day anne@gw books
refused another-day 77 "gw: deny   books spice: not at this time, from $DAY 00:00"
runs no-such-VM anne@gw nowhere
refused no-such-VM 77 'gw: deny   nowhere spice: no grant'
OTP=cccccccccccccccccccccccccccccccccccccccccccc runs wrong-OTP anne@gw webdev
refused wrong-OTP 77 'gw does not let you in: no right key, or no right one-time password'
check '  three tries, as ssh gives' 3 "$(shown wrong-OTP | grep -c 'YubiKey for anne: ')"
SECONDS=0
runs gateway-down -o ConnectTimeout=3 anne@nobody webdev
refused gateway-down 75 'no connection to nobody'
[ $SECONDS -lt 20 ] && pass '  soon' || fail "  after $SECONDS s"
HANGUP=yes runs hangup anne@gw webdev
check 'the terminal hangs up at the prompt' 129 $STATUS
nothing_left '  hung up'

# --- seats, and what the gateway ends
# No display for her: QEMU waits for what a real viewer says there first.
hold maggie maggie -L "$GW/m.sock:/run/sallyport/vm/webdev/spice"
timeout 300 python3 -B tests/support/spice.py session "unix:$GW/m.sock" --open inputs --hold 280 >"$GW/maggie.out" 2>&1 & MAGGIE=$!
gw_wait 20 grep -q 'inputs result 0' "$GW/maggie.out" || fail "maggie has no session: $(cat "$GW/maggie.out")"
runs taken anne@gw webdev
refused taken 75 'gw: webdev screen: maggie has it since'
maggie_leaves
starts displaced anne@gw webdev
frame_wait webdev 71 && pass 'when it is free: the frame' || { fail "no frame: $(shown displaced)"; picture_keep 71 displaced; }
timeout 300 python3 -B tests/support/spice.py session "unix:$GW/m.sock" --open inputs --hold 280 >"$GW/maggie.out" 2>&1 & MAGGIE=$!
ended
refused displaced 75 'gw: webdev screen: maggie has it since'
maggie_leaves
starts ended-by-admin anne@gw webdev
frame_wait webdev 71 || fail "no frame: $(shown ended-by-admin)"
gw_clock
sallyport disconnect anne >/dev/null
ended
MS=$((($(date +%s%N) - START) / 1000000))
refused ended-by-admin 75 'the connection to gw has ended'
[ $MS -lt 5000 ] && pass '  and the viewer with it, within 5 s' || fail "  and the viewer with it, after $MS ms"

# --- a list, and files
runs list --list anne@gw
check '--list' '~web server for development' "$(shown list)"
OTPS=11
release_fuse() { # the machine's own /dev/fuse is not to be opened to all: a node of the copy's
	umount /dev/fuse && rm -f /dev/fuse && mknod -m 666 /dev/fuse c 10 229
}
if [ -c /dev/fuse ] && release_fuse; then
	mkdir /home/desk/files; chown desk /home/desk/files
	starts files --sftp files anne@gw webdev
	frame_wait webdev 71 && pass '--sftp beside a console: the frame' || fail "no frame: $(shown files)"
	inside() { nsenter -m -t "$(pgrep -o -u desk -f sallyport-view)" setpriv --reuid desk --regid desk --clear-groups "$@"; }
	check '  a file of the VM' 'here I am' "$(inside cat /home/desk/files/note)"
	inside sh -c 'echo from the desk >/home/desk/files/new'
	check '  a file that was written there' 'from the desk' "$(cat /srv/vms/webdev/new)"
	check '  nothing but the VM'"'"'s folder' 'new note' "$(inside ls /home/desk/files | paste -sd' ')"
	OTPS=$((OTPS + 2))
	check '  all of it by one prompt' 1 "$(shown files | grep -c 'YubiKey for')"
	close_window 'webdev on gw'
	ended
	check '  closed' 0 $STATUS
	nothing_left '  unmounted'
	starts files --sftp files anne@gw
	gw_wait 30 grep -qF 'C ends it' "$CONSOLE/files.log" || fail "no mount: $(shown files)"
	check '--sftp alone' 'here I am' "$(inside cat /home/desk/files/note)"
	kill -USR1 $DESK
	ended
	check '  ^C' 0 $STATUS
	nothing_left '  unmounted again'
	runs wrong-folder --sftp /etc anne@gw
	refused wrong-folder 64 'not empty'
else
	echo '      (no /dev/fuse here: --sftp is not tried)'
fi
# --- a gateway that does not stop talking: 20 MB, and all is well
printf '#!/bin/sh\ntrap "" PIPE\nhead -c 20000000 /dev/zero\nexit 0\n' >/usr/local/bin/flood
chmod 755 /usr/local/bin/flood; usermod -s /usr/local/bin/flood fred
at_desk sallyport-view --list jump >"$GW/flooded" 2>"$GW/flooded.err" </dev/null
check 'an answer of 20 MB: 128 KiB of it are taken' '0 131072' "$? $(wc -c <"$GW/flooded")"
nothing_left '  flooded'
check 'an OTP for each connection, and no more' "$OTPS" "$(otps)"

# --- a gateway that asks in the session
sed -i '/^gated/a otp = shell' /etc/sallyport/sallyport.conf
gw_restart
usermod -s /usr/bin/sallyport-shell anne
kill "$GW_SSHD_PID"; wait "$GW_SSHD_PID" 2>/dev/null
gw_sshd || fail 'no sshd'
runs without anne@gw webdev
refused without 77 'see --session-otp'
starts session --session-otp anne@gw webdev
frame_wait webdev 71 && pass '--session-otp: the frame' || fail "no frame: $(shown session)"
check '  after one prompt, and a look at the VMs' '1 yes' "$(shown session | grep -c 'YubiKey for') $(shown session | grep -q 'web server' && echo yes)"
close_window 'webdev on gw'
ended
check '  closed' 0 $STATUS
nothing_left '  --session-otp'
end
