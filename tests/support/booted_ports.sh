#!/bin/bash
# The part of tests/e2e/ports.sh that runs inside the booted copy.
set -u
# shellcheck source=tests/support/booted.sh
. tests/support/booted.sh

address=$(sallyport list vms | awk '/webdev/ { for (i = 1; i <= NF; i++) if ($i ~ /^127\.90\./) print $i }')
spice=$(sallyport list vms | awk '/books/ { for (i = 1; i <= NF; i++) if ($i ~ /^127\.90\./) print $i }')
: >"$GW/squat"
chmod 666 "$GW/squat"
squat() { # fred tries without a pause
	setpriv --reuid fred --regid fred --clear-groups \
		python3 tests/support/squat.py "$GW/squat" "$address:2222" "$address:5900" "$spice:5900" &
	SQUAT=$!
	gw_wait 60 grep -q tries "$GW/squat"
}
squat

for round in $(seq "${ROUNDS:-6}"); do
	pid=$(main_pid)
	if [ $((round % 2)) = 0 ]; then
		systemctl restart sallyportd
	else
		kill -9 "$pid"
	fi
	gw_back 60 "$pid" || fail "round $round: not back"
done
check 'the daemon is back after the last one' '~HELLO' "$(gw_talk anne webdev:2222)"
check "nobody got a port in ${ROUNDS:-6} restarts and kills" 0 "$(grep -c GOT "$GW/squat")"

# A configuration that breaks while the daemon is down must not free the ports.
cp /etc/sallyport/vms.conf "$GW/vms.conf"
echo 'no words' >>/etc/sallyport/vms.conf
kill -9 "$(main_pid)"
check 'a broken configuration: tried again' ok \
	"$(gw_wait 60 bash -c '[ "$(systemctl show -p ExecMainStatus --value sallyportd)" = 75 ]' && echo ok)"
sleep 1.5
check '  nobody got a port' 0 "$(grep -c GOT "$GW/squat")"
cp "$GW/vms.conf" /etc/sallyport/vms.conf
check '  mended: it is back by itself' ok "$(gw_wait 60 sallyport status && echo ok)"
check '  a login passes' '~HELLO' "$(gw_talk anne webdev:2222)"

# Another VM gets the address; then nobody has it any more.
sed -i "s/^\[vm webdev\]/[vm other]\naddress = $address/; s/^address.*/&/" /etc/sallyport/vms.conf
sed -i 's/webdev/other/' /etc/sallyport/vm_mappings
gw_reload >/dev/null || fail "reload: $(gw_reload 2>&1)"
check 'the address goes to another VM' '~4 of 4 stay reserved' "$(sallyport status)"
check '  nobody got a port' 0 "$(grep -c GOT "$GW/squat")"
check '  the store holds each once' ok "$(gw_wait 20 keeps 4 && echo ok)"
sed -i '/^service/d' /etc/sallyport/vms.conf
sed -i 's/,ssh\(,raw\)\?//' /etc/sallyport/vm_mappings
gw_reload >/dev/null || fail "reload: $(gw_reload 2>&1)"
check 'a port that is not wanted any more is given up' ok "$(gw_wait 60 grep -q "GOT.*$address:2222" "$GW/squat" && echo ok)"
check '  and is out of the store' ok "$(gw_wait 20 keeps 2 && echo ok)"
check '  the others stay' 0 "$(grep -c "GOT.*:5900" "$GW/squat")"

# The trial itself: without the daemon the ports can be had.
systemctl stop sallyportd
check 'stopped for good: fred gets the port (so the trial is one)' ok \
	"$(gw_wait 60 grep -q "GOT.*$spice:5900" "$GW/squat" && echo ok)"
kill $SQUAT
grep tries "$GW/squat" | tail -n 1 | sed "s/^/      /"
finish
