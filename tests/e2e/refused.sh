#!/bin/bash
# Whoever is not this connection's sshd, and whatever is not granted: refused, with a record.
# timeout: 180
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; finish; }
UNIX=/run/sallyport/vm/webdev/raw
ADDR=$(getent hosts webdev | awk '{print $1}')
stop_daemon() { kill -STOP "$(cat "$GW/daemon.pid")"; }
go_on() { kill -CONT "$(cat "$GW/daemon.pid")"; }
denied() { # WHAT WORD…: on record since the last call
	local what=$1; shift
	local end=$((SECONDS + 30))
	until tail -n +"$((SEEN + 1))" $AUDIT | grep -F '"verdict":"deny"' | { f=$(cat); for w in "$@"; do f=$(printf '%s' "$f" | grep -F -- "$w"); done; [ -n "$f" ]; }; do
		[ $SECONDS -le $end ] || { fail "$what: no record with: $*"; tail -n +"$((SEEN + 1))" $AUDIT; break; }
		sleep 0.1
	done
	[ $SECONDS -le $end ] && pass "$what: on record"
	SEEN=$(wc -l <$AUDIT)
}
SEEN=$(wc -l <$AUDIT)

# An honest connection stays open beside all of what follows.
GW_TIMEOUT=500 gw_ssh anne -M -S "$GW/mux" -N 2>"$GW/err" & MASTER=$!
gw_logged 60 '"event":"session"' '"user":"anne"'
SEEN=$(wc -l <$AUDIT)

# connect, then execute sshd: the executable is right, the parent is not. First
# of all, because a U that is known already has its pid for it, too.
gw_own_sshd
is_sshd() { [ "$(readlink "/proc/$(pgrep -P "$1")/exe")" = /usr/sbin/sshd ]; } # the child of PID
for where in "unix $UNIX" "tcp $ADDR 2222"; do
	stop_daemon
	# shellcheck disable=SC2086
	as anne timeout 20 python3 tests/support/peer.py become-sshd $where "$GW/own.conf" >"$GW/out" 2>&1 & B=$!
	gw_wait 4 is_sshd $B; go_on
	denied "connect, then execute sshd (${where%% *})" 'not the sshd process'
	kill $B 2>/dev/null; wait $B 2>/dev/null
done

check "a process of the same user that is not U, Unix" closed "$(as anne python3 tests/support/peer.py talk unix $UNIX | cut -c1-6)"
denied "  by Unix socket" '"right":"raw"' 'not the sshd process'
check "a process of the same user that is not U, TCP" closed "$(as anne python3 tests/support/peer.py talk tcp "$ADDR" 2222 | cut -c1-6)"
denied "  by TCP" '"right":"ssh"' 'not the sshd process'
check "another user's process" closed "$(as maggie python3 tests/support/peer.py talk unix $UNIX | cut -c1-6)"
denied "  another user" 'no connection of this user'
check "an ungated stranger cannot even connect by Unix" "~Permission denied" "$(as fred python3 tests/support/peer.py talk unix $UNIX 2>&1 | tail -1)"
check "root's process" closed "$(python3 tests/support/peer.py talk unix $UNIX | cut -c1-6)"
denied "  root" 'uid 0 never'
check "root's process, TCP" closed "$(python3 tests/support/peer.py talk tcp "$ADDR" 2222 | cut -c1-6)"
denied "  root, TCP" 'uid 0 never'

stop_daemon
as anne python3 tests/support/peer.py orphan tcp "$ADDR" 2222 >/dev/null; go_on
denied "an orphaned socket (uid 0, inode 0)" 'belongs to no process'
stop_daemon
as anne python3 tests/support/peer.py die unix $UNIX >/dev/null; go_on
denied "a peer that died in the backlog" 'already ended'
as anne python3 tests/support/peer.py hand-over unix $UNIX >/dev/null
denied "a descriptor handed over by its maker" '"right":"raw"'

# The user's own sshd, and a forward through it.
as anne /usr/sbin/sshd -D -f "$GW/own.conf" -E /home/anne/own.log & OWN=$!
gw_wait 15 bash -c 'exec 3<>/dev/tcp/127.0.0.1/22420'
printf hello | timeout 60 ssh -F none -p 22420 -i "$GW/anne.key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
	-o LogLevel=ERROR -W webdev:2222 anne@127.0.0.1 >"$GW/out" 2>"$GW/err"
check "through the user's own sshd: no byte" "" "$(cat "$GW/out")"
denied "  the user's own sshd" 'not the sshd process'
kill $OWN; wait $OWN 2>/dev/null

check "back ends so far: nobody was let through" "0 0" "$(gw_connects webdev) $(gw_connects ssh)"

# A second connection of the same user without OTP; OTPs.
check "a second connection without OTP" "" "$(OTP=none gw_talk anne webdev:2222)"
denied "  second connection" '"event":"otp"' '"user":"anne"' 'not an OTP'
check "OTP of another user's key" "" "$(OTP=$(gw_press maggie) gw_talk anne webdev:2222)"
denied "  another user's key" '"user":"anne"' "$(cat "$GW/maggie.id")"
O=$(gw_press anne)
check "an OTP opens" "HELLOEND 5" "$(OTP=$O gw_talk anne webdev:2222)"
SEEN=$(wc -l <$AUDIT)
check "the same OTP again" "" "$(OTP=$O gw_talk anne webdev:2222)"
denied "  the same OTP again" 'replayed OTP'
check "upper case is the same key (Caps Lock)" "HELLOEND 5" "$(OTP=$(gw_press anne | tr a-z A-Z) gw_talk anne webdev:2222)"
SEEN=$(wc -l <$AUDIT)

# OTP without public key, public key without OTP, whatever the client prefers.
check "keyboard-interactive alone" "" "$(gw_talk anne webdev:2222 -o PreferredAuthentications=keyboard-interactive)"
check "publickey alone" "" "$(gw_talk anne webdev:2222 -o PreferredAuthentications=publickey)"
cp /etc/ssh/sshd_config "$GW/sshd_config.good"
grep -v AuthenticationMethods "$GW/sshd_config.good" >/etc/ssh/sshd_config; gw_sshd_reload
SEEN=$(wc -l <$AUDIT)
check "without AuthenticationMethods: OTP without public key" "" "$(gw_talk anne webdev:2222 -o PreferredAuthentications=keyboard-interactive)"
denied "  OTP without public key" 'no public key'
check "without AuthenticationMethods: public key without OTP" "" "$(gw_talk anne webdev:2222 -o PreferredAuthentications=publickey)"
denied "  public key without OTP" 'no OTP was accepted'
cp "$GW/sshd_config.good" /etc/ssh/sshd_config; gw_sshd_reload

# Grants.
SEEN=$(wc -l <$AUDIT)
check "a VM that is not granted (sshd's PermitOpen)" "" "$(gw_talk anne books:2222)"
sed -i 's/^\([[:space:]]*PermitOpen\).*/\1 any/' /etc/ssh/sshd_config; gw_sshd_reload
check "a VM that is not granted (the gate itself)" "" "$(gw_talk anne books:2222)"
denied "  a VM that is not granted" '"vm":"books"' 'no grant'
DAY=$(date -d '+3 days' +%a)
cat >/etc/sallyport/vm_mappings <<-CONF
	anne   webdev  spice,ssh,raw  $DAY
	maggie books   spice,ssh      always
CONF
gw_reload >/dev/null
SEEN=$(wc -l <$AUDIT)
check "a time that is not granted" "" "$(gw_talk anne webdev:2222)"
denied "  a time that is not granted" '"vm":"webdev"' 'no grant covers it' 'vm_mappings:1'
gw_policy; gw_reload >/dev/null

# The back end's port bound by a stranger, when the VM is down.
kill "${GW_PIDS##* }"; wait "${GW_PIDS##* }" 2>/dev/null
python3 tests/support/backend.py tcp 127.0.0.1 20022 "$GW/stranger.count" "$(id -u fred)" & GW_PIDS="$GW_PIDS $!"
python3 tests/support/backend.py unix /run/vms/webdev.raw "$GW/stranger2.count" "$(id -u fred)" & GW_PIDS="$GW_PIDS $!"
gw_wait 15 test -s "$GW/stranger.count" -a -s "$GW/stranger2.count" || fail "no stranger listens"
SEEN=$(wc -l <$AUDIT)
check "a stranger on the VM's port gets no byte" "" "$(gw_talk anne webdev:2222)"
denied "  a stranger on the VM's port" 'backend_uid'
check "  and was not even connected to" 0 "$(gw_connects stranger)"
check "a stranger on the VM's socket gets no byte" "" "$(gw_talk_unix anne $UNIX | cut -c1-6 | sed s/closed//)"
denied "  a stranger on the VM's socket" 'backend_uid'

gw_end $MASTER
# Those who are not gated are not touched.
check "an ungated admin logs in by key alone" "hi" "$(OTP=none gw_ssh fred -- echo hi 2>&1)"
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
finish
