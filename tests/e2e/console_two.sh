#!/bin/bash
# Two users and two guests: each sees and types into the own one, is refused at the
# other's, and the log tells it. Then one guest and its seat: a second viewer, foreign
# session ids and half-open links change nothing for who sits there; takeover does.
# Real QEMU and remote-viewer over real ssh.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/console.sh
DAY=$(LC_ALL=C date -d 'now + 3 days' +%a) # not today

gw_policy() {
	gw_conf
	printf '[vm %s]\nspice = unix:/run/vms/%s.spice\n' books books webdev webdev >/etc/sallyport/vms.conf
	gw_grants "anne webdev spice always" "anne books spice $DAY" "maggie books spice always" "maggie webdev spice $DAY"
}
gw_backends() {
	chown vmhost /run/vms
	VM_DEVICES=full vm_start webdev 1f unix:/run/vms/webdev.spice && vm_start books 4f unix:/run/vms/books.spice
}
end() { console_stop; finish; }
raw() { timeout 40 python3 -B tests/support/spice.py "$@" 2>&1; }
lines() { told "$1" | grep -c .; } # of this run: a log may have been there before
told() { sallyport log ${1:+--event "$1"} | awk -v from="$FROM" '$4 > from'; }
last_seq() { tail -n 1 $AUDIT | sed 's/^{"seq":\([0-9]*\).*/\1/'; }
# The session's id as QEMU itself has it.
session_of() { vm_qmp "$1" query-spice | python3 -c 'import json, sys
print([c["connection-id"] & 0xffffffff for c in json.load(sys.stdin)["channels"] if c["channel-type"] == 1][0])'; }

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
xvfb_start 71 && xvfb_start 72 && xvfb_start 73 || end
hold anne anne -L 127.0.0.1:15900:webdev:5900 -L 127.0.0.1:15901:books:5900
hold maggie maggie -L 127.0.0.1:15910:webdev:5900 -L 127.0.0.1:15911:books:5900

# --- two users, two guests
FROM=$(last_seq)
viewer_start 71 anne spice://127.0.0.1:15900
viewer_start 72 maggie spice://127.0.0.1:15911
works "anne at webdev" webdev 71 anne
works "maggie at books" books 72 maggie
frame_is_there books 71 && fail "anne sees maggie's VM" || pass "neither sees the other's: anne"
frame_is_there webdev 72 && fail "maggie sees anne's VM" || pass "neither sees the other's: maggie"
guest_look books
keys_type 71 x y z
guest_changed books 1 && fail "anne's keys arrive at maggie's VM" || pass "  and keys arrive at the own one only"
viewer_start 73 anne_at_books spice://127.0.0.1:15901
viewer_refused 73 anne_at_books books
viewer_start 73 maggie_at_webdev spice://127.0.0.1:15910
viewer_refused 73 maggie_at_webdev webdev
works "after that, anne at webdev" webdev 71 anne
works "after that, maggie at books" books 72 maggie
viewer_stop maggie
viewer_stop anne
gw_logged 20 '"event":"close"' '"user":"anne"' && gw_logged 20 '"event":"close"' '"user":"maggie"'
check "the log tells both sessions in four lines" "2 2" "$(lines open) $(lines close)"
check "  and the two refusals in two" 2 "$(lines deny)"
told >"$GW/told"
for line in 'open anne webdev spice allow' 'open maggie books spice allow' 'deny anne books spice' 'deny maggie webdev spice'; do
	grep -q " $line" "$GW/told" && pass "  $line" || fail "  not in the log: $line: $(cat "$GW/told")"
done
for who in 'anne webdev' 'maggie books'; do
	line=$(grep "close $who" "$GW/told")
	[[ $line =~ up\ .*B\ down\ .*B\ in\ [0-9] && $line =~ main:0\ up\ [0-9] && $line =~ display:0\ up\ [0-9] && $line =~ inputs:0\ up\ [0-9] ]] &&
		pass "  close $who: channel types, bytes, duration" || fail "  close $who: $line"
done

# --- one guest, one seat
gw_regrant 'anne webdev spice always' 'maggie webdev spice always' 'maggie books spice always'
viewer_start 71 holder spice://127.0.0.1:15900
works "anne sits at webdev" webdev 71 holder
ID=$(session_of webdev)
viewer_start 73 second spice://127.0.0.1:15910
viewer_refused 73 second webdev
check "a main channel on anne's real session id" "error 8" "$(raw link tcp:127.0.0.1:15910 --connection "$ID" | sed 's/error 3/error 8/')"
for kind in webdav smartcard display inputs; do
	check "$kind on her session id" "error 8" "$(raw link tcp:127.0.0.1:15910 --kind $kind --connection "$ID")"
done
check "over anne's own connection: webdav needs its right" "error 7" "$(raw link tcp:127.0.0.1:15900 --kind webdav --connection "$ID")"
check "  inputs are open already" "error 9" "$(raw link tcp:127.0.0.1:15900 --kind inputs --connection "$ID")"
raw half tcp:127.0.0.1:15910 --count 200 --send 30 --hold 4 >"$GW/half" & HALF=$!
sleep 1
works "while 200 links lie half open" webdev 71 holder
wait $HALF
check "  of which few stay" yes "$([ "$(awk '/^open/ { print $2 }' "$GW/half")" -le 33 ] && echo yes)"
sleep 1.1 # a new second's worth of links
gw_regrant 'anne webdev spice always' 'maggie webdev spice:view always' 'maggie books spice always'
viewer_start 73 onlooker spice://127.0.0.1:15910
viewer_refused 73 onlooker webdev
works "all of that changed nothing for anne" webdev 71 holder
viewer_lives holder && pass "  her viewer lives" || fail "  her viewer has ended"

gw_regrant 'anne webdev spice always' 'maggie webdev spice,takeover always' 'maggie books spice always'
viewer_start 72 taker spice://127.0.0.1:15910
viewer_ends holder 30 && pass "takeover: anne's viewer closes in order" || fail "takeover: anne's viewer does not end well"
viewer_said holder 'WARNING|CRITICAL|rror' && fail "  it complains: $(cat "$CONSOLE/holder.log")" || pass "  without a complaint"
works "maggie sits at webdev" webdev 72 taker
frame_is_there webdev 71 && fail "  anne sees it still" || pass "  anne's screen is empty"
gw_logged 20 '"event":"close"' '"user":"anne"' 'taken over by maggie'
check "  on record" "~taken over by maggie" "$(gw_log '"event":"close"' '"user":"anne"' | tail -1)"
viewer_start 71 again spice://127.0.0.1:15900
viewer_refused 71 again webdev
viewer_stop taker
gw_wait 20 sh -c '! sallyport list seats | grep -q " taken"' # the other VM's is free all the time
viewer_start 71 back spice://127.0.0.1:15900
works "maggie has gone: anne sits there again" webdev 71 back
end
