#!/bin/bash
# One user begins a thousand links to consoles a second: the VM sees the limited rate, and
# another user's bytes go on as before.
# timeout: 300
. tests/e2e/lib.sh

gw_backends() {
	chown vmhost /run/vms
	python3 -B tests/support/spice_server.py unix:/run/vms/webdev.spice --uid "$(id -u vmhost)" \
		--log "$GW/vm.json" <"$GW/orders" >"$GW/vm.log" 2>&1 &
	GW_PIDS="${GW_PIDS:-} $!"
	python3 tests/support/backend.py unix /run/vms/books.echo "$GW/books.count" "$(id -u vmhost)" & GW_PIDS="$GW_PIDS $!"
	gw_wait 15 grep -q ready "$GW/vm.log" && gw_wait 5 test -s "$GW/books.count"
}
gw_policy() {
	gw_conf 'links_per_s = 10' 'opens_per_s = 15'
	printf '[vm webdev]\nspice = unix:/run/vms/webdev.spice\n[vm books]\nservice.echo = unix:/run/vms/books.echo\n' >/etc/sallyport/vms.conf
	gw_grants 'anne webdev spice always' 'maggie books echo always'
}
mkfifo "$GW/orders"
exec 6<>"$GW/orders"
chmod 777 "$GW"
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log" "$GW/vm.log"; finish; }
gw_hold anne anne -L "$GW/anne.spice:/run/sallyport/vm/webdev/spice" &&
	gw_hold maggie maggie -L "$GW/maggie.echo:/run/sallyport/vm/books/echo" || { fail 'no connections'; finish; }
trips() { timeout 60 python3 -B tests/support/flood.py trips "$GW/maggie.echo" "$1"; } # median and p99, us
trips 400 >/dev/null # warm
quiet=$(trips 1500)
before=$(grep -c '"connect"' "$GW/vm.json")
since=$SECONDS
timeout 60 python3 -B tests/support/flood.py links "$GW/anne.spice" 1000 8 >"$GW/flood" & FLOOD=$!
sleep 1
loud=$(trips 500)
wait $FLOOD
echo "      $(cat "$GW/flood"); round trips (median, p99) quiet $quiet us, in the flood $loud us"
links=$(($(grep -c '"connect"' "$GW/vm.json") - before))
# Five seconds' worth at once, and ten a second after that, for as long as it took.
most=$((50 + 10 * (SECONDS - since + 2)))
check "the VM saw the limited rate ($links links, at most $most)" yes "$([ "$links" -le $most ] && echo yes)"
check "  and not none" yes "$([ "$links" -ge 1 ] && echo yes)"
# The machine is busy with client, sshd and flood; a queue behind it would cost far more.
check "another's round trip goes on" yes "$([ "${loud%% *}" -le $((10 * ${quiet%% *} + 50000)) ] && echo yes)"
check 'what was refused is summed' '~"count":' "$(gw_logged 15 '"event":"deny"' '"count":'; gw_log '"event":"deny"' '"user":"anne"' '"count":' | tail -1)"
check '  and says why' '~links_per_s' "$(gw_log '"event":"deny"' '"user":"anne"')"
lines=$(gw_log '"event":"deny"' '"user":"anne"' | wc -l)
check "  in few lines ($lines)" yes "$([ "$lines" -le $((most - 20)) ] && echo yes)"
again() { timeout 20 python3 -B tests/support/spice.py link "unix:$GW/anne.spice" | grep -qE 'result 0|error 7'; }
check 'a while later anne gets in again, or is told to wait for her seat' yes \
	"$(gw_wait 20 again && echo yes)"
# Of a service, too: five seconds' worth at once, then fifteen a second.
before=$(gw_log '"event":"open"' '"user":"maggie"' | wc -l)
START=$(date +%s%N)
opened=$(timeout 60 python3 -B tests/support/flood.py opens "$GW/maggie.echo" 300)
most=$((75 + 15 * (($(date +%s%N) - START) / 1000000000 + 1)))
check "channels of a service open at a rate ($opened of 300, at most $most)" yes \
	"$([ "$opened" -ge 70 ] && [ "$opened" -le $most ] && [ "$opened" -lt 300 ] && echo yes)"
check '  each of them on record' "$opened" "$(($(gw_log '"event":"open"' '"user":"maggie"' | wc -l) - before))"
check '  and why not' '~opens_per_s' "$(gw_logged 15 '"event":"deny"' '"user":"maggie"' opens_per_s; gw_log '"event":"deny"' '"user":"maggie"' opens_per_s | tail -n 1)"
exec 6>&-
gw_release anne
gw_release maggie
finish
