#!/bin/bash
# disconnect, lock and unlock: what is open ends within 2 s, whatever state U is in; a lock
# outlasts a restart.
# timeout: 240
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; finish; }
one() { [ "$(sallyport list connections | grep -cw anne)" = 1 ]; } # what was before has left

gw_channel; gw_clock
check "disconnect a user" "~anne: 1 connection, 1 channel closed (audit seq " "$(sallyport disconnect anne)"
gw_gone "disconnect a user"
gw_logged 10 '"event":"session-end"' 'disconnected by the administrator' && pass "  on record" || fail "  not on record"
gw_wait 5 test ! -e "/proc/$M" && pass "  M is gone, too" || fail "  M is still there: $(ps -p "$M")"
check "  who has no connection" "anne has no connection here 1" "$(sallyport disconnect anne) $?"
check "  who does not exist" "~note: there is no user nobodyhere" "$(sallyport disconnect nobodyhere)"
check "  the grants stand" "HELLOEND 5" "$(gw_talk anne webdev:2222)"

gw_channel; gw_wait 15 one; id=$(sallyport list connections | grep -ow 'c[0-9]*' | head -1); gw_clock
check "disconnect a connection" "~$id: 1 connection, 1 channel closed" "$(sallyport disconnect "$id")"
gw_gone "disconnect a connection"

gw_channel; gw_wait 15 one; id=$(sallyport list channels | grep -ow 'ch[0-9]*' | head -1)
check "disconnect a channel" "~$id: 1 channel closed" "$(sallyport disconnect "$id")"
gw_wait 2 bash -c '! sallyport list channels | grep -qw anne' && pass "  it is closed" || fail "  it lives on"
check "  its connection stays" "~anne" "$(sallyport list connections)"

kill -STOP "$U"; gw_clock
check "lock" "~anne: locked, 1 connection, 0 channels closed (audit seq " "$(sallyport lock anne lost her laptop)"
gw_gone "lock, U stopped"
check "  list locks" "~lost her laptop" "$(sallyport list locks)"
check "  no way in" "" "$(GW_LEVEL=INFO gw_talk anne webdev:2222)"
check "  with words" "~access is locked" "$(cat "$GW/err")"
check "  maggie is not touched" "HELLOEND 5" "$(gw_talk maggie books:2222)"
check "  explain says so" "~locked" "$(sallyport explain anne webdev ssh)"
gw_daemon_stop; gw_daemon
check "  after a restart of the daemon" "" "$(gw_talk anne webdev:2222)"
check "unlock" "~anne: unlocked" "$(sallyport unlock anne)"
check "  she is in again" "HELLOEND 5" "$(gw_talk anne webdev:2222)"
check "  the file's mode" "600 0" "$(stat -c '%a %u' /var/lib/sallyport/locks)"
check "lock of root" "~cannot be locked" "$(sallyport lock root 2>&1)"
check "lock of one who is not gated" "~fred is not in @vmusers" "$(sallyport lock fred)"
sallyport unlock fred >/dev/null
finish
