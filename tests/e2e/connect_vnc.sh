#!/bin/bash
# ssh gw connect VM vnc: a real QEMU's screen over standard input and output, under the
# same rules as its endpoint; and what the page tells of all that its connection opens.
# timeout: 200
. tests/e2e/lib.sh
. tests/support/console.sh
export GW

gw_policy() {
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
		[vm paint]
		vnc = unix:/run/vms/paint.vnc
		serial = unix:/run/vms/serial
		service.raw = unix:/run/vms/raw
		service.off = unix:/run/vms/nobody
		service.web = tcp:127.0.0.1:20080
	CONF
	gw_grants 'anne paint vnc,serial,raw,off always' 'maggie paint vnc always'
}
gw_backends() {
	chown vmhost /run/vms
	python3 tests/support/backend.py unix /run/vms/serial,/run/vms/raw "$GW/raw.count" "$(id -u vmhost)" & GW_PIDS="${GW_PIDS:-} $!"
	vm_start paint 2f vnc:/run/vms/paint.vnc && gw_wait 20 test -s "$GW/raw.count"
}
end() { exec 6>&- 8>&-; console_stop; finish; }
views() { # NAME TAG: a viewer over that connection; its orders come by $GW/orders
	: >"$GW/$2"
	timeout 600 python3 -B tests/support/rfb.py ssh -F none -o LogLevel=ERROR -S "$GW/$1.ctl" x connect paint vnc <"$GW/orders" >"$GW/$2" 2>"$GW/$2.err" &
	VIEWER=$!
}
in_time() { gw_wait 20 grep -q "$2" "$GW/$1" || fail "$1: no '$2': $(cat "$GW/$1" "$GW/$1.err")"; }
looks() { # TAG: one picture more
	local n
	n=$(grep -c looked "$GW/$1")
	echo look >&6
	gw_wait 20 test_looked "$1" "$n" && pass "  its picture comes" || fail "no picture: $(cat "$GW/$1")"
}
test_looked() { [ "$(grep -c looked "$GW/$1")" -gt "$2" ]; }
ended() { gw_wait 20 grep -q '^closed' "$GW/$1"; wait "$VIEWER"; check "$2" "$3" "$(grep -o '^closed.*' "$GW/$1") $(cat "$GW/$1.err")"; }
told() { # WHAT REGEX: the page says so
	gw_wait 20 grep -qE "^[0-9:]{8} +paint $2" "$GW/page" && pass "the page tells: $1" || fail "the page, of $1: $(cat "$GW/page")"
}

gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; end; }
mkfifo "$GW/orders" "$GW/keys"; exec 6<>"$GW/orders" 8<>"$GW/keys"
hold anne anne; hold anne second; hold maggie maggie
# Its input stays open: script types a ^D at the end of it, and the page would leave.
TERM=dumb timeout 600 script -qfc "ssh -F none -tt -S $GW/anne.ctl x" "$GW/page" <"$GW/keys" >/dev/null 2>&1 6>&- 8>&- & GW_PIDS="$GW_PIDS $!"
gw_wait 30 grep -q 'this page stays' "$GW/page" || fail "no page: $(cat "$GW/page")"

# --- the screen ----------------------------------------------------------------------
views anne v1; in_time v1 '^screen 720x400'; pass 'connect VM vnc: the screen'
looks v1
guest_look paint; echo 'type hey' >&6
guest_changed paint && pass '  a key arrives' || fail 'no key arrived'
check '  it is the seat at the screen' '~anne' "$(sallyport list seats | grep 'screen.*taken')"
told 'what connect opens' 'vnc +opened'
gw_over maggie x connect paint vnc >"$GW/out" 2>"$GW/err"; RC=$?
check 'another is refused: 75, nothing on standard output' '75 0' "$RC $(wc -c <"$GW/out")"
check '  in words' '~the seat is taken: anne has it since' "$(cat "$GW/err")"
looks v1
gw_regrant 'anne paint vnc:view,serial,raw,off always' 'maggie paint vnc always'
ended v1 'the right to type is taken away: 77' 'closed 77 sallyport: paint vnc: the right to do more than look has ended'
told 'its end, how much, how long' 'vnc +[^;]+; [0-9.]+ MB received, [0-9]+ bytes sent in .*[0-9] (s|min)'

# --- to look only -----------------------------------------------------------------------
views anne v2; in_time v2 '^screen'; looks v2
guest_look paint; echo 'type hey' >&6; looks v2 # answered behind them
guest_changed paint 1 && fail 'vnc:view: a key arrives' || pass 'vnc:view: keys do not arrive'
gw_logged 20 '"event":"open"' '"right":"vnc:view"' && pass '  on record as that right' || fail "$(gw_log '"event":"open"' | tail -1)"
told 'that it is for looking' 'vnc:view +opened'
views maggie v3; in_time v3 '^screen'; pass 'who works comes, and gets the seat'
gw_wait 20 grep -q '^closed 75' "$GW/v2" && pass '  who looked gives way: 75' || fail "v2: $(cat "$GW/v2")"
check '  in words' '~gave way to maggie' "$(cat "$GW/v2.err")"
told 'to whom it gave way' 'vnc:view +gave way to maggie'
gw_over anne x connect paint vnc >"$GW/out" 2>"$GW/err"; check '  and waits: 75' 75 $?
told 'whom it must wait for' 'vnc:view +the seat is taken'
sallyport disconnect "$(sallyport list seats | grep screen | grep -o 'ch[0-9]*')" >/dev/null
ended v3 'disconnect chN: 75, with words' '~closed 75 sallyport: paint vnc: disconnected'

# --- what else the page tells ---------------------------------------------------------------
printf hello | gw_over anne x connect paint raw >"$GW/out" 2>&1
told 'a service by connect' 'raw +opened'
told '  its end' 'raw +closed; 11 bytes received, 5 bytes sent in (less than )?[0-9.]+ s'
printf hi | gw_over anne x console paint >"$GW/out" 2>&1
told 'a text console' 'serial +opened'
told '  its end' 'serial +closed; 8 bytes received, 2 bytes sent in (less than )?[0-9.]+ s'
gw_over anne x connect paint web >"$GW/out" 2>&1; told 'what is denied' 'web +not open to you, or not at this time'
gw_over anne x connect paint off >"$GW/out" 2>&1; told 'a VM that does not answer' 'off +[a-z]'
gw_over anne x connect paint raw < <(sleep 50) >"$GW/out" 2>"$GW/err" & P=$!
gw_wait 20 sh -c 'sallyport list channels | grep -q "raw.* open "'
gw_regrant 'anne paint serial,off always'
wait $P; told 'what a reload takes away' 'raw +no grant'
check "of maggie's, not a word" '' "$(grep -c 'disconnected' "$GW/page" | grep -v '^0')"
LINES_BEFORE=$(wc -l <"$GW/page")
printf hi | gw_over second x console paint >"$GW/out" 2>&1; check "another connection of hers" 'HIEND 2' "$(tr -d '\n' <"$GW/out")"
printf hi | gw_over anne x console paint >"$GW/out" 2>&1
gw_wait 20 sh -c "[ \$(wc -l <$GW/page) -ge $((LINES_BEFORE + 2)) ]"
check '  is not told of on this one' 2 "$(($(wc -l <"$GW/page") - LINES_BEFORE))"
end
