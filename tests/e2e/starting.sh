#!/bin/bash
# timeout: 200
# The first moment after a restart: who comes while a helper is not up yet, or names
# are still looked up, waits and is not refused. What does not come up in time refuses.
set -u
# shellcheck disable=SC2034 # for lib.sh
GW_CONF='names_timeout = 10s
	connect_timeout = 10s'
. tests/e2e/lib.sh
LIBEXEC=/usr/libexec/sallyport

# slow HELPER SECONDS: from its next start on
slow() {
	[ -e "$GW/$1" ] || cp -a "$LIBEXEC/$1" "$GW/$1"
	rm -f "$LIBEXEC/$1"
	printf '#!/bin/sh\n/bin/sleep %s\nexec %s\n' "$2" "$GW/$1 \"\$@\"" >"$LIBEXEC/$1"
	chmod 755 "$LIBEXEC/$1"
}
fast() { rm -f "$LIBEXEC/$1"; cp -a "$GW/$1" "$LIBEXEC/$1"; }
again() { # another daemon, that answers; its helpers need not be up
	local pid
	pid=$(cat "$GW/daemon.pid")
	kill -9 "$pid"
	gw_wait 20 bash -c "[ \$(cat $GW/daemon.pid) != $pid ] && sallyport status | grep -q ^pid"
}
talk() { printf hello | gw_over held -W webdev:2222 x 2>&1 | tr -d '\n'; }

gw_start || exit 1
sed -i 's/^anne .*/@consoles webdev spice,ssh,raw always/' /etc/sallyport/vm_mappings
groupadd consoles
usermod -aG consoles anne
gw_reload >/dev/null
gw_hold anne held || fail "no connection"
check 'a channel by a group' 'HELLOEND 5' "$(talk)"

for helper in recorder relay names; do
	slow $helper 0.6
	again
	check "$helper is late after a restart: a channel waits" 'HELLOEND 5' "$(talk)"
	fast $helper
done
slow verify 0.6
again
check 'verify is late: a login waits' '~HELLO' "$(gw_talk anne webdev:2222)"
fast verify

# Who may be a VM is looked up anew with each policy: a channel waits for that, too.
names=$(pgrep -P "$(cat "$GW/daemon.pid")" -x names)
kill -STOP "$names"
gw_reload >/dev/null # is not held up for long by users who cannot be looked up
talk >"$GW/talk" &
sleep 0.3
kill -CONT "$names"
wait $!
check 'after a reload: a channel waits for backend_uid' 'HELLOEND 5' "$(cat "$GW/talk")"

slow recorder 30
again
began=${EPOCHREALTIME/./}
check 'a recorder that does not come: refused' '' "$(talk | grep -o HELLO)"
ms=$(((${EPOCHREALTIME/./} - began) / 1000))
if [ $ms -lt 10000 ]; then pass "  in bounded time: $ms ms"; else fail "  after $ms ms only"; fi
check '  admins are answered' '~DOWN' "$(sallyport status)"
fast recorder
gw_release held
finish
