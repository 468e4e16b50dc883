#!/bin/bash
# The part of tests/e2e/service.sh that runs inside the booted copy.
set -u
# shellcheck source=tests/support/booted.sh
. tests/support/booted.sh

check 'the unit is active' active "$(systemctl is-active sallyportd)"
check 'a login passes' '~HELLO' "$(gw_talk anne webdev:2222)"
check 'systemctl status has a line of ours' '~endpoints listen' "$(property StatusText)"
pid=$(main_pid)
caps=$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")
check 'no capability beyond the list in the unit' 0 "$((0x$caps & ~0x200804ef))"
check 'status: ports stay reserved' '~4 of 4 stay reserved' "$(sallyport status)"
check 'they are in the store' ok "$(gw_wait 20 keeps 4 && echo ok)"

# Ready is what says that it can be used: at once after the start, no waiting.
for round in 1 2 3; do
	systemctl restart sallyportd
	ss -Hltn 'sport = :2222' | grep -q 127.90 || fail "start $round returned before the port was open"
	[ -S /run/sallyport/vm/webdev/ssh ] || fail "start $round returned before the socket was there"
	sallyport status | grep -q 'DOWN' && fail "start $round returned before the helpers were up"
done
pass 'systemctl start returns when endpoints are open and helpers up'

# What lives through a restart, and what ends.
gw_hold anne held
mkfifo "$GW/in"
exec 8<>"$GW/in" # an input that stays open
GW_TIMEOUT=600 gw_over held -W webdev:2222 x <"$GW/in" >"$GW/live" & live=$!
echo hello >&8
gw_wait 60 grep -q HELLO "$GW/live" || fail 'no live channel'
closes() { grep '"event":"close"' "$AUDIT" | grep -c '"user":"anne"'; }
before=$(closes)
pid=$(main_pid)
systemctl restart sallyportd
check 'restart: another process' yes "$([ "$(main_pid)" != "$pid" ] && echo yes)"
check 'restart: a live channel ends' ended "$(gw_wait 60 bash -c "! kill -0 $live" && echo ended)"
exec 8>&-
recorded() { [ "$(closes)" -gt "$before" ]; }
check 'restart: its end is on record' ok "$(gw_wait 20 recorded && echo ok)"
check 'restart: the connection lives, with no new OTP' 'HELLOEND 5' \
	"$(printf hello | gw_over held -W webdev:2222 x | tr -d '\n')"
pid=$(main_pid)
kill -9 "$pid"
check 'back after kill -9' ok "$(gw_back 60 "$pid" && echo ok)"
check 'kill -9: the connection lives, too' 'HELLOEND 5' \
	"$(printf hello | gw_over held -W webdev:2222 x | tr -d '\n')"
check 'a login passes again' '~HELLO' "$(gw_talk anne webdev:2222)"

# What a user left running outside his connection's tree of processes is in the cgroup of
# his login session. The unit lets us write there, and nowhere else in that file system.
gw_release held
echo 'anne host shell always' >>/etc/sallyport/vm_mappings
gw_reload >/dev/null
gw_hold anne held
timeout 100 ssh -F none -S "$GW/held.ctl" 127.0.0.1 \
	'setsid sleep 4711 </dev/null >/dev/null 2>&1 & cat /proc/self/cgroup' >"$GW/cgroup"
gw_wait 60 pgrep -u anne -x sleep
left=$(pgrep -u anne -x sleep)
if grep -q 'session-.*\.scope' "$GW/cgroup"; then
	check 'a process that was left behind is there' 1 "$(wc -w <<<"$left")"
	sallyport disconnect anne >/dev/null
	check '  disconnect ends it, through its cgroup' ok "$(gw_wait 20 bash -c "! kill -0 $left" && echo ok)"
	check '  without a complaint' '' "$(journal | grep 'cgroup cannot')"
else
	fail "no session scope here: $(tail -n 1 "$GW/cgroup")"
	sallyport disconnect anne >/dev/null
fi
gw_release held
check '  the rest of the cgroups is read-only' ro "$(nsenter -t "$(main_pid)" -m sh -c '
	top=$(findmnt -rno TARGET -t cgroup2 | head -n 1)
	mkdir "$top/x" 2>/dev/null && rmdir "$top/x" || echo ro')"
gw_policy
gw_reload >/dev/null
gw_hold anne held

# A helper that the kernel ends when memory is short is started again; the unit goes on.
pid=$(main_pid)
relay=$(pgrep -P "$pid" -x relay)
kill -9 "$relay"
check 'a helper is killed: another one' ok "$(gw_wait 60 bash -c "p=\$(pgrep -P $pid -x relay) && [ \$p != $relay ]" && echo ok)"
gw_wait 60 helpers_up || fail 'the helper is not up again'
check '  the supervisor is the same' "$pid" "$(main_pid)"
check '  OOMPolicy' continue "$(property OOMPolicy)"
check '  a login passes' '~HELLO' "$(gw_talk anne webdev:2222)"

# The watchdog, with less patience than the unit's.
check 'the watchdog of the unit' 10s "$(property WatchdogUSec)"
drop_in WatchdogSec=4s
systemctl restart sallyportd
gw_wait 60 sallyport status
pid=$(main_pid)
kill -STOP "$pid"
check 'a supervisor that hangs is killed and back' ok "$(gw_back 60 "$pid" && echo ok)"
check '  by the watchdog' '~watchdog' "$(journal | grep -i watchdog | tail -n 2)"
check '  the connection lives' 'HELLOEND 5' \
	"$(printf hello | gw_over held -W webdev:2222 x | tr -d '\n')"
no_drop_in
gw_release held

check 'systemctl reload' 0 "$(systemctl reload sallyportd >/dev/null 2>&1; echo $?)"
cp /etc/sallyport/vm_mappings "$GW/mappings"
echo 'anne webdev spoce always' >>/etc/sallyport/vm_mappings
check 'reload with a mistake fails' 1 "$(systemctl reload sallyportd >/dev/null 2>&1; echo $?)"
check '  the journal says where' '~vm_mappings:' "$(journal | tail -n 20)"
check '  the unit stays active' active "$(systemctl is-active sallyportd)"
cp "$GW/mappings" /etc/sallyport/vm_mappings

check 'the journal has its words' '~ready' "$(journal)"
last=$(tail -n 1 "$AUDIT")
seq=$(sed 's/.*"seq":\([0-9]*\).*/\1/' <<<"$last")
of_seq() { journalctl --no-pager -o cat --output-fields=SALLYPORT_HASH SALLYPORT_SEQ="$seq" 2>/dev/null | tail -n 1; }
is_told() { of_seq | grep -q '^[0-9a-f]'; }
gw_wait 60 is_told
check 'and the records, by fields' "$(printf %s "$last" | sha256sum | cut -d' ' -f1)" "$(of_seq)"
# Anybody may send to the journal what looks like the recorder's.
printf 'SALLYPORT_SEQ=%d\nSALLYPORT_HASH=%064d\nSYSLOG_IDENTIFIER=sallyport\nMESSAGE=forged\n' 1 0 |
	setpriv --reuid 65534 --clear-groups logger --journald
journalctl --sync
check 'the log is what the journal knows' '~anchored records are in it, as they were' \
	"$(sallyport audit verify --anchor journal 2>&1)"
head -n -3 "$AUDIT" >/run/cut-log
check 'and a cut one is not' '~cut at the end of' "$(sallyport audit verify --anchor journal /run/cut-log 2>&1)"
check 'an export of it says the same' '~cut at the end of' \
	"$(journalctl -o json SYSLOG_IDENTIFIER=sallyport | sallyport audit verify --anchor - /run/cut-log 2>&1)"
systemctl stop sallyportd
check 'stops in order' inactive "$(systemctl is-active sallyportd)"
check 'the last record is the stop' '~"event":"stop"' "$(tail -n 1 "$AUDIT")"
check 'a second start by hand has no store' '~not started by systemd' "$(
	/usr/sbin/sallyportd 2>/dev/null & pid=$!
	gw_wait 60 sallyport status
	sallyport status
	kill $pid; wait $pid)"
echo 'no words' >>/etc/sallyport/vms.conf
systemctl start sallyportd 2>/dev/null
check 'a broken configuration: the start fails for good' failed "$(systemctl is-active sallyportd)"

systemd-analyze verify --man=no /usr/lib/systemd/system/sallyportd.service >"$GW/verify" 2>&1
check 'systemd-analyze verify' '0' "$?"
check '  without a word about it' '' "$(grep sallyport "$GW/verify")"
systemd-analyze security --no-pager --threshold=32 sallyportd >"$GW/security" 2>&1
check 'systemd-analyze security: at most 3.2' 0 "$?"
tail -n 1 "$GW/security" | sed 's/^/      /'
finish
