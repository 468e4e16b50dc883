#!/bin/bash
# What users are shown of their VMs, on a terminal and off it; and each command that
# stands there is executed, as it stands, and works: real sshd, QEMU, remote-viewer.
# timeout: 400
# shellcheck disable=SC2034 # variables of lib.sh
# shellcheck disable=SC2088 # a tilde of ssh's
. tests/e2e/lib.sh
. tests/support/console.sh
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today

gw_policy() {
	gw_conf 'ssh_name = gw.test'
	sed -i 's/^backend_uid.*/& root/' /etc/sallyport/sallyport.conf
	cat >/etc/sallyport/vms.conf <<-CONF
		[vm webdev]
		title = Büro: web server
		spice = unix:/run/vms/webdev.spice
		serial = unix:/run/vms/webdev.raw
		service.ssh = tcp:127.0.0.1:20022
		service.web = tcp:127.0.0.1:20080
		service.raw = unix:/run/vms/webdev.raw2
		folder = $GW/folder

		[vm later]
		title = only another day
		vnc = unix:/run/vms/later.vnc

		[vm books]
		spice = unix:/run/vms/books.spice

		[host]
		run.hello = /bin/echo hello there
	CONF
	cat >/etc/sallyport/vm_mappings <<-CONF
		anne     webdev  spice,usb,serial,ssh,web,raw,sftp  always
		anne     later   vnc        $DAY
		anne     host    run:hello  always
		maggie   webdev  serial     always until 2099-12-31
		maggie   books   spice      always
	CONF
}
gw_backends() {
	local uid
	uid=$(id -u vmhost)
	chown vmhost /run/vms
	mkdir "$GW/folder"; echo there >"$GW/folder/a file"; chown -R anne "$GW/folder"
	python3 tests/support/backend.py unix /run/vms/webdev.raw,/run/vms/webdev.raw2 "$GW/raw.count" "$uid" & GW_PIDS="${GW_PIDS:-} $!"
	python3 tests/support/backend.py tcp 127.0.0.1 20080 "$GW/web.count" "$uid" & GW_PIDS="$GW_PIDS $!"
	printf '%s\n' "HostKey $GW/vm.host" 'UsePAM no' 'PidFile none' 'Port 20022' 'ListenAddress 127.0.0.1' >"$GW/vm.conf"
	ssh-keygen -q -t ed25519 -N '' -f "$GW/vm.host"
	mkdir -p /run/sshd
	/usr/sbin/sshd -D -f "$GW/vm.conf" -E "$GW/vm.log" & GW_PIDS="$GW_PIDS $!"
	vm_start webdev 1f unix:/run/vms/webdev.spice && gw_wait 20 test -s "$GW/raw.count" -a -s "$GW/web.count"
}
end() { console_stop; finish; }
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
xvfb_start 71 || end

# --- the user's own computer: root's ~/.ssh, and a YubiKey that is pressed when asked ---
echo '127.0.0.1 gw.test' >>/etc/hosts
mkdir -p /root/.ssh
cat >/root/.ssh/config <<CONF
IdentityFile $GW/anne.key
IdentityFile $GW/root.key
IdentitiesOnly yes
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
CONF
cat >"$GW/touch" <<CONF
#!/bin/sh
echo "\$1" >>$GW/touched
exec $BUILD/tests/yk press $GW/anne.yk
CONF
chmod 755 "$GW/touch"
: >"$GW/touched"
export SSH_ASKPASS="$GW/touch" SSH_ASKPASS_REQUIRE=force
mkfifo "$GW/keys"; exec 8<>"$GW/keys"
asked() { wc -l <"$GW/touched"; }
run() { timeout 60 sh -c "$1" >"$GW/out" 2>"$GW/err" </dev/null; RC=$?; } # COMMAND, without a terminal
stay() { # TAG COMMAND: on a terminal, in the background
	TERM=${AS:-xterm} timeout 120 script -qfc "$2" "$GW/$1.shown" <"$GW/keys" >/dev/null 2>&1 8>&- &
	echo $! >"$GW/$1.stay"
}
leave() { # TAG: until its ssh is gone, and its ports with it
	gw_end "$(cat "$GW/$1.stay")"
	gw_wait 30 sh -c '! pgrep -r R,S,D,T -x ssh' || fail "$1: an ssh goes on: $(pgrep -ax ssh)"
}
port_is_open() { ss -Hltn "sport = :$1" | grep -q .; } # without a connection that comes to nothing
opened() { gw_wait 30 port_is_open "$1"; }
talk() { python3 tests/support/peer.py talk tcp 127.0.0.1 "$1"; }
done=0
line() { # the page's command that matches, and nothing else of it; counts it
	LINE=$(sed -n 's/^  *\([a-z]*  *\)\{0,1\}\(\(ssh\|sftp\|remote-viewer\) .*\)$/\2/p' "$GW/page" | grep -e "$1")
	[ "$(printf '%s\n' "$LINE" | wc -l)" = 1 ] && [ -n "$LINE" ] || fail "'$1' is not one command of the page: $LINE"
	done=$((done + 1))
}

# --- as it looks -----------------------------------------------------------------------
BEFORE=$(LC_ALL=C date +%a)
run 'ssh anne@gw.test'; cp "$GW/out" "$GW/page"
TODAY=$(LC_ALL=C date +%a) # it may be midnight
check 'without a terminal: the page, and out' 0 "$RC"
check '  who, where, by which key' "anne on gw.test, key $(cat "$GW/anne.id"), $TODAY" "$(head -1 "$GW/page" | sed "s/ [0-9:]*$//; s/$BEFORE$/$TODAY/")"
check '  80 columns' '' "$(LC_ALL=C.UTF-8 grep -E '.{81}' "$GW/page")"
check '  not an escape character' '' "$(grep -c "$(printf '\033')" "$GW/page" | grep -v '^0')"
check '  a title in UTF-8' '~webdev    Büro: web server' "$(cat "$GW/page")"
check '  seats' '~screen free, serial free' "$(cat "$GW/page")"
check '  what is open another day says so' "~nothing now, from $DAY" "$(cat "$GW/page")"
check '  nothing of what is not his' '' "$(grep books "$GW/page")"
AS=xterm stay bold 'ssh anne@gw.test'; gw_wait 30 grep -q leaves "$GW/bold.shown"
check 'on a terminal: names in bold' '~[1mwebdev' "$(cat "$GW/bold.shown")"
leave bold
# One behind the other: of two OTPs the older may come later, and be spent.
AS=dumb stay plain 'ssh anne@gw.test'; gw_wait 30 grep -q leaves "$GW/plain.shown"
check '  by TERM' 0 "$(grep -c "$(printf '\033')" "$GW/plain.shown")"
leave plain

# --- each command, as it stands there -----------------------------------------------------
line '5901:webdev:5900'; stay screen "$LINE"
opened 5901 && pass "$LINE: it listens" || fail "$LINE: $(cat "$GW/screen.shown")"
line '^remote-viewer'; read -r _ URI <<<"$LINE"
viewer_start 71 page "$URI"
frame_wait webdev 71 && pass "$LINE: the screen is seen" || fail "$LINE: no screen"
gw_wait 20 grep -q 'opened (main)' "$GW/screen.shown" && pass '  the page tells of it' || fail "the page: $(cat "$GW/screen.shown")"
run 'ssh anne@gw.test vms webdev'; check 'vms: whose the seat is' '~screen yours' "$(cat "$GW/out")"
check '  what the screen comes with' '~screen with usb' "$(cat "$GW/out")"
run 'ssh anne@gw.test seat webdev'; check 'seat: whose, since when' '~webdev screen: you have it since' "$(cat "$GW/out")"
viewer_stop page
gw_wait 20 grep -qE 'webdev spice +closed.*; [0-9.]+ [kM]B received, .* sent in .*[0-9] s' "$GW/screen.shown" &&
	pass '  the page tells of its end, and how much there was' || fail "the page: $(cat "$GW/screen.shown")"
leave screen

line '^ssh -t'; stay serial "$LINE"
gw_wait 30 sh -c 'sallyport list seats | grep -q "serial.*anne"'; gw_wait 30 grep -q leaves "$GW/serial.shown"; echo hello >&8
gw_wait 20 grep -q HELLO "$GW/serial.shown" && pass "$LINE" || fail "$LINE: $(cat "$GW/serial.shown")"
leave serial

line '^ssh -J'; run "$LINE echo in the VM"; check "$LINE" 'in the VM' "$(cat "$GW/out" "$GW/err")"
for port in 20080 8000; do
	line "^ssh -L $port:"; stay forward "$LINE"
	opened $port && check "$LINE" '~HELLO' "$(talk $port)"
	leave forward
done
line 'hello$'; run "$LINE"; check "$LINE" 'hello there' "$(cat "$GW/out" "$GW/err")"
line '^sftp'; run "echo ls | $LINE"; check "$LINE" '~a file' "$(cat "$GW/out" "$GW/err")"
check 'these are all of the page' "$done" "$(grep -cE '^  .*(ssh|sftp|remote-viewer) ' "$GW/page")"

# --- for ~/.ssh/config --------------------------------------------------------------------
COMMAND=$(sed -n 's/^For ~\/.ssh\/config: \(.*\);.*/\1/p' "$GW/page")
run "$COMMAND"; cat "$GW/out" >>/root/.ssh/config
ssh -G gw.test-forwards >"$GW/out" 2>&1; check "$COMMAND: ssh reads it" 0 "$?"
stay all 'ssh gw.test-forwards'
opened 5901 && opened 20080 && check '  all forwards in one connection' 'HELLOEND 5 HELLOEND 5' "$(talk 20080) $(talk 8000)"
BEFORE=$(asked)
run 'ssh webdev echo in the VM'; check '  ssh webdev, through it' 'in the VM' "$(cat "$GW/out" "$GW/err")"
check '  without another OTP' "$BEFORE" "$(asked)"
leave all

# --- for remote-viewer --------------------------------------------------------------------
run 'ssh anne@gw.test vms webdev --vv'; cp "$GW/out" "$GW/webdev.vv"
COMMAND=$(sed -n 's/^# goes with: //p' "$GW/webdev.vv")
stay vv "$COMMAND"
opened 5901; viewer_start 71 file "$GW/webdev.vv"
frame_wait webdev 71 && pass "vms --vv: remote-viewer takes it" || fail "vms --vv: no screen"
viewer_stop file; leave vv
run 'ssh anne@gw.test vms later --vv'; check '  of a VM that is closed now: 77' '77 ' "$RC $(cat "$GW/out")"

# --- what another has ----------------------------------------------------------------------
SSH_ASKPASS="$GW/askpass" hold maggie maggie -L "$GW/serial.sock:/run/sallyport/vm/webdev/serial"
timeout 60 socat - "UNIX:$GW/serial.sock" <&8 >"$GW/serial.out" 2>/dev/null & GW_PIDS="$GW_PIDS $!"
gw_wait 20 sh -c 'sallyport list seats | grep -q "serial.* taken *maggie"' || fail "no serial line: $(sallyport list seats)"
run 'ssh anne@gw.test'; check 'the page: who has a seat' '~serial taken by maggie' "$(cat "$GW/out")"
run 'ssh anne@gw.test seat webdev'
check 'seat: who, since and until when' '~webdev serial: maggie has it since' "$(cat "$GW/out")"
check '  until when' '~at most until 2099-12-31 24:00' "$(cat "$GW/out")"
run 'ssh anne@gw.test seat webdev --json'
check 'seat --json' 'taken maggie 2100-01-01T' "$(python3 -c '
import json, sys
s = [s for s in json.load(sys.stdin)["seats"] if s["seat"] == "serial"][0]
print(s["state"], s["user"], s["until"][:11])' <"$GW/out" 2>&1)"

# --- what is not his is the same as what is not there ----------------------------------------
for what in 'vms X' 'vms X --json' 'vms X --config' 'vms X --vv' 'why X' 'why X spice' 'why X --json' 'seat X' 'seat X --json'; do
	run "ssh anne@gw.test ${what/X/books}"; A="$RC $(cat "$GW/out" "$GW/err" | sed 's/books/X/g; s/"time":"[^"]*"//')"
	run "ssh anne@gw.test ${what/X/nosuch}"; B="$RC $(cat "$GW/out" "$GW/err" | sed 's/nosuch/X/g; s/"time":"[^"]*"//')"
	check "$what: his to know only that it is not his" "$B" "$A"
done
end
