#!/bin/bash
# The part of tests/e2e/scope.sh that runs inside the booted copy.
set -u
# shellcheck source=tests/support/booted.sh
. tests/support/booted.sh

sed -i 's/^anne .*/&\nanne host shell always/' /etc/sallyport/vm_mappings
sallyport reload >/dev/null
grep -q '^session.*pam_systemd' /etc/pam.d/common-session || echo 'session optional pam_systemd.so' >>/etc/pam.d/common-session

# Leaves two processes behind, of which one is nobody's child any more.
# shellcheck disable=SC2016
LEAVE='trap "" HUP TERM; (setsid sleep 3001 >/dev/null 2>&1 </dev/null &); sleep 3002 & cat /proc/self/cgroup; wait'
begin() { # NAME: anne's connection with a session that leaves processes; sets ORPHAN, CHILD
	gw_hold anne "$1" || fail "no connection"
	rm -f "$GW/cgroup"
	# shellcheck disable=SC2029
	GW_TIMEOUT=600 gw_over "$1" anne@127.0.0.1 "$LEAVE" >"$GW/cgroup" 2>"$GW/err" </dev/null &
	# The last of it is the cgroup's line, but the sleeps may be on their way still.
	gw_wait 60 bash -c "[ -s '$GW/cgroup' ] && pgrep -xf 'sleep 3001' && pgrep -xf 'sleep 3002'" || fail "no session: $(cat "$GW/err")"
	ORPHAN=$(pgrep -xf 'sleep 3001') CHILD=$(pgrep -xf 'sleep 3002')
}
gone() { # PID: or not reaped yet
	case $(ps -o stat= -p "$1") in '' | Z*) ;; *) false ;; esac
}

GW_TIMEOUT=600 gw_admin fred 'echo in; exec sleep 3003' >"$GW/fred" & fred=$!
gw_wait 60 grep -q in "$GW/fred" || fail "fred has no session"
begin one
check 'the session has a scope of its own' '~session-' "$(cat "$GW/cgroup")"
sallyport disconnect anne >/dev/null
start=$(date +%s%N)
gw_wait 20 gone "$ORPHAN" && pass 'what had left sshd is gone, too' || fail 'an orphan lives on'
gw_wait 20 gone "$CHILD" && pass 'the command is gone' || fail 'the command lives on'
ms=$((($(date +%s%N) - start) / 1000000))
if [ $ms -le 2000 ]; then pass "within 2 s: $ms ms"; else fail "after $ms ms only"; fi
check "another's session lives" '~sleep 3003' "$(pgrep -af 'sleep 3003')"
check 'sshd listens' 0 "$(kill -0 "$GW_SSHD_PID"; echo $?)"
check 'the journal has no complaint' '' "$(journal | grep 'cannot be killed')"
check 'anne gets in again' '~HELLO' "$(gw_talk anne webdev:2222)"

# Without pam_systemd the cgroup is everybody's: only sshd's descendants are ended.
sed -i '/pam_systemd/d' /etc/pam.d/common-session
begin two
case $(cat "$GW/cgroup") in
*/session-*) fail 'there is a scope without pam_systemd' ;;
*) pass 'no scope without pam_systemd' ;;
esac
sallyport disconnect anne >/dev/null
gw_wait 20 gone "$CHILD" && pass 'the command is gone' || fail 'the command lives on'
check "another's session lives" '~sleep 3003' "$(pgrep -af 'sleep 3003')"
check 'sshd listens' 0 "$(kill -0 "$GW_SSHD_PID"; echo $?)"
check 'the daemon lives' active "$(systemctl is-active sallyportd)"
kill -9 "$ORPHAN" $fred 2>/dev/null # they ignore TERM, and systemd would wait for them
gw_stop
[ $FAILED = 0 ]
