#!/bin/bash
# One seat at a VM's console, and what may pass there: two users, a VM that is a script,
# and clients that claim whatever they like. Real sshd, PAM and daemon.
# timeout: 400
# long: 700 SEAT_LONG=yes
. tests/e2e/lib.sh

gw_backends() { # the scripted VM
	chown vmhost /run/vms
	mkfifo "$GW/orders"
	exec 6<>"$GW/orders"
	python3 -B tests/support/spice_server.py unix:/run/vms/webdev.spice --uid "$(id -u vmhost)" --agent \
		--channels display,inputs,cursor,playback,record,usbredir,webdav <"$GW/orders" >"$GW/vm.log" 2>&1 &
	GW_PIDS="${GW_PIDS:-} $!"
	python3 tests/support/backend.py unix /run/vms/serial,/run/vms/vnc "$GW/serial.count" "$(id -u vmhost)" & GW_PIDS="$GW_PIDS $!"
	gw_wait 60 grep -q ready "$GW/vm.log" && gw_wait 20 test -s "$GW/serial.count"
}
gw_policy() {
	gw_conf 'links_per_s = 2000'
	cat >/etc/sallyport/vms.conf <<-CONF
		[vm webdev]
		spice = unix:/run/vms/webdev.spice
		serial = unix:/run/vms/serial
		vnc = unix:/run/vms/vnc
	CONF
	gw_grants 'anne webdev spice,usb,clipboard,serial,vnc always' 'maggie webdev spice,serial,vnc always'
}

# hold USER NAME: a connection with its forwards NAME.spice, .serial, .vnc
hold() {
	gw_hold "$1" "$2" -L "$GW/$2.spice:/run/sallyport/vm/webdev/spice" \
		-L "$GW/$2.serial:/run/sallyport/vm/webdev/serial" -L "$GW/$2.vnc:/run/sallyport/vm/webdev/vnc" ||
		{ fail "$1 did not get in: $(cat "$GW/$2.log")"; finish; }
}
spice() { # NAME VERB ARG…: one client over that connection
	local name=$1 verb=$2
	shift 2
	timeout 40 python3 -B tests/support/spice.py "$verb" "unix:$GW/$name.spice" "$@" 2>&1
}
# sits NAME CHANNEL…: a session in the background that stays; sets ID, its session id
sits() {
	local name=$1
	shift
	: >"$GW/$name.out"
	timeout 390 python3 -B tests/support/spice.py session "unix:$GW/$name.spice" --open "$@" --hold 380 >"$GW/$name.out" 2>&1 &
	eval "PID_$name=$!"
	gw_wait 30 grep -q "^${*: -1} result" "$GW/$name.out" || fail "$name has no session: $(cat "$GW/$name.out")"
	ID=$(awk '/^session/ { print $2 }' "$GW/$name.out")
}
still() { # NAME WHAT: its session goes on
	local p="PID_$1"
	if kill -0 "${!p}" 2>/dev/null && ! grep -q closed "$GW/$1.out" && seat | grep -q " taken *$USER_OF_SEAT "; then pass "$2"
	else fail "$2: $(cat "$GW/$1.out"; seat)"; fi
}
gone() { # SECONDS NAME WHAT: its session was closed in order
	if gw_wait "$1" grep -q '^closed' "$GW/$2.out"; then pass "$3"; else fail "$3: $(cat "$GW/$2.out")"; fi
}
leaves() { local p="PID_$1"; kill "${!p}" 2>/dev/null; wait "${!p}" 2>/dev/null; gw_wait 20 free || fail "the seat is not free: $(seat)"; }
seat() { sallyport list seats | grep screen; }
free() { seat | grep -q ' free'; }
ask() { timeout 20 ssh -F none -o LogLevel=ERROR -S "$GW/$1.ctl" 127.0.0.1 "${@:2}"; }
leave_all() { exec 6>&- 8>&-; for n in anne maggie second; do gw_release $n; done; }
channels() { sallyport list channels | grep -c " open "; }
are() { [ "$(channels)" = "$1" ]; }
remain() { gw_wait 20 are "$1"; channels; } # N: the daemon hears of an end after the client
reason() { gw_logged 20 "$@"; gw_log "$@" | tail -n 1 | sed 's/.*"reason":"\([^"]*\)".*/\1/'; }

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW/vm.log"; finish; }
hold anne anne
hold maggie maggie
USER_OF_SEAT=anne

# --- who sits there
check 'the seat is free' '~ free' "$(seat)"
sits anne display:0 inputs:0 cursor:0 playback:0
ANNES=$ID
check 'anne sits there, with all her channels' 5 "$(channels)"
check '  list seats' '~ taken  anne' "$(seat)"
check '  list channels knows the kinds' '~inputs:0' "$(sallyport list channels)"
counted() { sallyport --json list channels | grep -q '"down": "[1-9][0-9]\{2\}'; } # the relay may be slow to count
gw_wait 10 counted && pass '  and the bytes' || fail "  no bytes: $(sallyport --json list channels)"
check '  one record for all of it' 1 "$(gw_log '"event":"open"' '"vm":"webdev"' | grep -c .)"

# --- what another user tries
check 'another viewer is refused, in SPICE words' 'error 7' "$(spice maggie link)"
check '  on record' 'the seat is taken' "$(reason '"event":"deny"' '"user":"maggie"' '"channels":"main:0"')"
check "a main channel on anne's session" 'error 8' "$(spice maggie link --connection "$ANNES" | sed 's/error 3/error 8/')"
check "a channel that she has not opened, on anne's session" 'error 8' "$(spice maggie link --kind webdav --connection "$ANNES")"
check '  on record' "the session is not one of this connection's" "$(reason '"event":"deny"' '"user":"maggie"' '"channels":"webdav:0"')"
check 'one that she has' 'error 8' "$(spice maggie link --kind inputs --connection "$ANNES")"
check 'a made-up session' 'error 8' "$(spice maggie link --kind display --connection 4711)"
spice maggie half --count 200 --send 30 --hold 20 --most 32 >"$GW/half"
check '200 links left half open: at most max_greetings stay' yes "$([ "$(awk '/^open/ { print $2 }' "$GW/half")" -le 33 ] && echo yes)"
check '  the others are refused for it' ok "$(gw_logged 20 '"event":"deny"' '"user":"maggie"' '(max_greetings)' && echo ok)"
gw_regrant 'anne webdev spice,usb,clipboard always' 'maggie webdev spice:view,serial always'
sleep 1.1 # above 10 in a second denials are summed
check 'who may only look waits for a free seat' 'error 7' "$(spice maggie link)"
check '  on record' ok "$(gw_logged 20 '"event":"deny"' '"user":"maggie"' 'who may only look' && echo ok)"
check 'a WebSocket greeting' 'error 2' "$(spice maggie greet --hex "$(printf 'GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n' | od -An -v -tx1 | tr -d ' \n')" | sed 's/ after.*//')"
still anne 'all of that changed nothing for anne'
check '  her channels are there' 5 "$(channels)"

# --- what anne herself may not
check 'a channel once' 'error 9' "$(spice anne link --kind inputs --connection "$ANNES")"
check 'a kind that nobody knows' 'error 9' "$(spice anne link --kind 77 --connection "$ANNES")"
check 'a kind without its right: record' 'error 7' "$(spice anne link --kind record --connection "$ANNES")"
check '  webdav' 'error 7' "$(spice anne link --kind webdav --connection "$ANNES")"
check '  on record' 'webdav needs the right share' "$(reason '"event":"deny"' '"user":"anne"' '"channels":"webdav:0"')"
check 'one with its right: usbredir' 'result 0' "$(spice anne link --kind usbredir --connection "$ANNES")"
check '  on record, as it is opened' usb "$(gw_logged 20 '"event":"join"' '"channels":"usbredir:0"' && gw_log '"event":"join"' | sed 's/.*"right":"\([^"]*\)".*/\1/')"
check 'the list that she got holds no other' 'channels cursor:0 display:0 inputs:0 playback:0 usbredir:0' "$(grep ^channels "$GW/anne.out")"
leaves anne
gw_logged 20 '"event":"close"' '"user":"anne"'
check 'her console is one close on record' 1 "$(gw_log '"event":"close"' '"user":"anne"' | grep -c .)"
check '  with its channels' '~"channels":"' "$(gw_log '"event":"close"' '"user":"anne"')"
check '  each with bytes and time' yes "$(gw_log '"event":"close"' '"user":"anne"' | grep -q 'main:0=[0-9]*/[0-9]*/[0-9]*' && echo yes)"

# --- who must go
gw_regrant 'anne webdev spice:view always' 'maggie webdev spice always'
sits anne display:0
check 'who may only look sits at a free seat, and opens no inputs' 'error 7' "$(spice anne link --kind inputs --connection "$ID")"
check '  nor usbredir' 'error 7' "$(spice anne link --kind usbredir --connection "$ID")"
sits maggie display:0 inputs:0
gone 20 anne 'but gives way at once to who works'
check '  on record' 'yielded' "$(reason '"event":"seat"' '"user":"maggie"' '"detail":"anne')"
check '  and in her close' '~gave way to maggie' "$(reason '"event":"close"' '"user":"anne"' '"right":"spice:view"')"
USER_OF_SEAT=maggie
still maggie '  maggie sits there'
leaves maggie

gw_regrant 'anne webdev spice always' 'maggie webdev spice,takeover always'
sits anne display:0 inputs:0
# Its input stays open: script types a ^D at the end of it, and the page would leave.
mkfifo "$GW/keys"; exec 8<>"$GW/keys"
timeout 300 script -qfc "ssh -F none -tt -S $GW/anne.ctl 127.0.0.1" "$GW/page" <"$GW/keys" >/dev/null 2>&1 8>&- & PAGE=$!
gw_wait 30 grep -q 'this page stays' "$GW/page" || fail "no page: $(cat "$GW/page")"
check 'the page says whose seat it is' '~screen yours' "$(cat "$GW/page")"
ask maggie seat webdev >"$GW/said"
check 'why knows of the seat' 'allow  webdev spice: granted; seat taken' "$(ask maggie why webdev spice)"
check '  whose it is' 'allow  webdev spice: granted; your seat' "$(ask anne why webdev spice)"
check 'seat VM: who has it' '~webdev screen: anne has it since' "$(cat "$GW/said")"
check '  and that it can be taken over' '~you may take it over' "$(cat "$GW/said")"
sits maggie display:0 inputs:0 cursor:0
gone 20 anne 'takeover: the seat is maggies, and all of annes is closed'
still maggie '  maggie sits there'
check '  with her channels alone' 4 "$(remain 4)"
check '  on record' 'displaced' "$(reason '"event":"seat"' '"user":"maggie"' '"detail":"anne' '"reason":"displaced"')"
check '  in annes close, too' '~taken over by maggie' "$(reason '"event":"close"' '"user":"anne"' 'taken over')"
gw_wait 20 grep -q 'taken over by maggie' "$GW/page" && pass '  anne is told by whom, on her page' || fail "the page: $(cat "$GW/page")"
kill $PAGE 2>/dev/null
check 'anne, without that right, waits' 'error 7' "$(spice anne link)"
ask anne seat webdev >"$GW/said"
check '  and is told who has it' '~maggie has it' "$(cat "$GW/said")"
check 'seat of a VM that is not there, or not hers: alike' "$(ask anne seat nosuch | sed 's/nosuch/X/')" "$(gw_regrant 'anne webdev serial always until 2020-01-01' 'maggie webdev spice,takeover always'; ask anne seat webdev | sed 's/webdev/X/')"
leaves maggie

# --- one's own
gw_regrant 'anne webdev spice,usb,clipboard,serial,vnc always' 'maggie webdev spice,serial,vnc always'
hold anne second
sits anne display:0
sits second display:0 inputs:0
gone 20 anne "one's own goes for a newer one, from another connection"
check '  on record' 'replaced' "$(reason '"event":"seat"' '"user":"anne"')"
USER_OF_SEAT=anne
check "  the old session's id is worth nothing" 'error 8' "$(spice anne link --kind cursor --connection "$(awk '/^session/ { print $2 }' "$GW/anne.out")")"
check "  nor is the new one's from the other connection" 'error 8' "$(spice anne link --kind cursor --connection "$ID")"
check '  but from its own' 'result 0' "$(spice second link --kind cursor --connection "$ID")"
still second '  it goes on'

# --- what is taken away
clock() { START=$(date +%s%N); }
within() { # WHAT
	local ms=$((($(date +%s%N) - START) / 1000000))
	if [ $ms -le 2000 ]; then pass "$1: after $ms ms"; else fail "$1: after $ms ms only"; fi
}
timeout 120 python3 -B tests/support/spice.py link "unix:$GW/second.spice" --kind usbredir --connection "$ID" --hold 110 >"$GW/usb" 2>&1 &
gw_wait 20 grep -q 'result 0' "$GW/usb"
clock
gw_regrant 'anne webdev spice,clipboard,serial,vnc always' 'maggie webdev spice,serial,vnc always'
gw_wait 20 grep -q closed "$GW/usb"
within 'usb taken away: its channel is closed'
still second '  and the console goes on'
check '  no new one' 'error 7' "$(spice second link --kind usbredir --id 1 --connection "$ID")"
clock
gw_regrant 'anne webdev spice,serial,vnc always' 'maggie webdev spice,serial,vnc always'
gone 20 second "clipboard taken away: the console is closed, main's rules cannot change"
within '  in time'
check '  on record' 'the right clipboard has ended' "$(reason '"event":"close"' '"user":"anne"' 'the right clipboard')"
sits second display:0 inputs:0
clock
gw_regrant 'anne webdev spice always until 2020-01-01' 'maggie webdev spice,serial,vnc always'
gone 20 second 'the grant taken away: all of it is closed'
within '  in time'
check '  nothing of it is left' 0 "$(remain 0)"
gw_regrant 'anne webdev spice,serial,vnc always' 'maggie webdev spice,serial,vnc always'
sits second display:0 inputs:0
MAIN=$(seat | grep -o 'ch[0-9]*')
clock
sallyport disconnect "$MAIN" >/dev/null
gone 20 second 'disconnect of its first channel: all of it is closed'
within '  in time'
sits second display:0
kill "$(sallyport status | sed -n 's/^relay .*pid \([0-9]*\).*/\1/p')"
gone 20 second 'the relay dies: all of it is closed'
gw_wait 20 free && pass '  and the seat is free' || fail "the seat: $(seat)"
gw_wait 20 sh -c 'sallyport status | grep "^relay *up"'

# --- links that come to nothing
for _ in 1 2 3; do
	spice maggie greet >/dev/null || fail 'no answer to a link'
	gw_wait 20 free || fail "the seat is not free: $(seat)"
done
check 'three links left unfinished: not again for a while' 'error 7' "$(spice maggie link)"
check '  on record' '~left unfinished' "$(reason '"event":"deny"' '"user":"maggie"' 'unfinished')"
sits anne display:0
pass '  which is her own matter: anne sits down'
leaves anne
if [ -n "${SEAT_LONG:-}" ]; then
	spice anne link --no-ticket --hold 30 >/dev/null & LYING=$!
	gw_wait 20 sh -c 'sallyport list seats | grep -q connecting' && pass 'a link that is left lying has the seat' || fail "$(seat)"
	gw_wait 13 free && pass '  for ten seconds' || fail "$(seat)"
	check '  and not again for a while' 'error 7' "$(spice anne link)"
	sleep 31
	check '  but then' 'result 0' "$(spice anne link)"
	kill $LYING 2>/dev/null
	gw_window 15
	gw_regrant "anne webdev spice $WINDOW" 'maggie webdev spice,serial,vnc always'
	sits anne display:0 inputs:0
	sleep $((END - $(date +%s) - 1))
	START=$((END * 1000000000))
	gone 20 anne 'the window of time ends: all of it is closed'
	within '  in time'
	gw_regrant 'anne webdev spice,serial,vnc always' 'maggie webdev spice,serial,vnc always'
fi

# --- who does not use it
echo 'seat_idle = 5s' >>/etc/sallyport/sallyport.conf
gw_regrant 'anne webdev spice,serial,vnc always' 'maggie webdev spice,serial,vnc always'
sits anne display:0 inputs:0
gone 30 anne 'nobody types for seat_idle: the console is closed'
check '  on record' '~seat_idle' "$(reason '"event":"close"' '"user":"anne"' 'seat_idle')"
sed -i '/seat_idle/d' /etc/sallyport/sallyport.conf
sallyport reload >/dev/null

# --- serial line and VNC
talk() { python3 tests/support/peer.py talk unix "$GW/$1" | sed 's/^closed (.*/closed/'; } # by a reset, too
stay() { timeout 200 python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"x"); print(s.recv(9), flush=True)
print(s.recv(9) and "more" or "closed", flush=True)' "$GW/$1" >"$GW/stay" 2>&1 & gw_wait 20 grep -q X "$GW/stay"; }
stay anne.serial && pass 'the serial line: anne has it' || fail 'no serial line'
check '  maggie is refused' closed "$(talk maggie.serial)"
check '  on record' 'the seat is taken' "$(reason '"event":"deny"' '"user":"maggie"' '"right":"serial"')"
check '  list seats' '~anne' "$(sallyport list seats | grep serial)"
sits anne display:0
pass '  the screen is another seat'
check 'VNC is at the same screen: refused' closed "$(talk maggie.vnc)"
check '  on record' 'the seat is taken' "$(reason '"event":"deny"' '"user":"maggie"' '"right":"vnc"')"
check 'status counts seats and limits' '~2 seats taken' "$(sallyport status)"
leaves anne

# --- a daemon that stops while an open is on its way to the disk
pid_of() { sallyport status | sed -n "s/^$1 .*pid \([0-9]*\).*/\1/p"; }
RECORDER=$(pid_of recorder) RELAY=$(pid_of relay)
OPENS=$(gw_log '"event":"open"' '"right":"serial"' | wc -l)
kill -STOP "$RECORDER"
talk anne.serial >/dev/null 2>&1 & TALK=$!
gw_wait 20 sh -c 'sallyport list seats | grep "serial.*connecting"' || fail "no link: $(sallyport list seats)"
STOPPED=$(cat "$GW/daemon.pid")
kill "$STOPPED"
# It ends the relay before it waits, for a second, for what the recorder has to write.
nice -n -19 sh -c "while kill -0 $RELAY 2>/dev/null; do sleep 0.02; done; kill -CONT $RECORDER"
wait $TALK
gw_wait 60 gw_is_another "$STOPPED" || fail 'the daemon does not come back'
check 'stopped while an open is written: it is on record' $((OPENS + 1)) "$(gw_log '"event":"open"' '"right":"serial"' | wc -l)"
check '  and so is its close' 'the daemon stopped' "$(reason '"event":"close"' '"right":"serial"' 'the daemon stopped')"
check 'the daemon lives' ok "$(sallyport status >/dev/null 2>&1; [ $? -le 1 ] && echo ok)"
check 'the log for people tells of it' '~displaced' "$(sallyport log --event seat)"
leave_all
finish
