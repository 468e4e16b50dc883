#!/bin/bash
# A key that only a validation service knows becomes a user's: real daemon, sshd, PAM; the
# servers are ours (tests/support/validation.py). What comes to nothing leaves nothing.
# timeout: 400
. tests/e2e/lib.sh
. tests/support/validation.sh

v_done() { v_stop; finish; }
v_start 18201 && v_start 18202 || { fail "the servers did not start"; v_done; }
mkdir -p /etc/sallyport
install -m 600 "$V/api.key" /etc/sallyport/api.key
install -m 644 "$V/ca.pem" /etc/sallyport/api-ca.pem
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="api_url = https://127.0.0.1:18201/wsapi/2.0/verify https://127.0.0.1:18202/wsapi/2.0/verify
api_id = 4711
api_timeout = 3500ms
api_ca = /etc/sallyport/api-ca.pem"
MAP=/etc/sallyport/yubikey_mappings
# anne's key is a local one; maggie's is in nobody's store yet.
# shellcheck disable=SC2034 # read by lib.sh
GW_PUBLIC=ccccccbcgujh # maggie's key
gw_import() { sed -i '/^maggie:/d' $MAP && gw_reload && sallyport key import "$GW/anne.csv" --yes; }
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; v_done; }
ID=$(cat "$GW/maggie.id")
PASSED="HELLOEND 5"
both() { v_how 18201 "$@"; v_how 18202 "$@"; }
hello() { gw_talk maggie books:2222; }
sent() { v_sent; }
patience() { sed -i "s/^api_timeout.*/api_timeout = $1/" /etc/sallyport/sallyport.conf; gw_reload >/dev/null; }
cp $MAP "$GW/map"
enroll() { sallyport key enroll maggie --stdin "$@" 2>&1; }
nothing() { # WHAT WORDS GOT
	check "$1" "~$2" "$3"
	check "  no row is left" "" "$(sallyport key list | grep "$ID")"
	cmp -s "$GW/map" $MAP && pass "  and no line" || fail "  $MAP: $(tail -1 $MAP)"
}
two() { gw_press maggie; gw_press maggie; }

# --- what comes to nothing -----------------------------------------------------------
nothing "without a terminal it wants --yes" "(--yes)" "$(two | setsid sallyport key enroll maggie --stdin 2>&1)"
check "nothing was sent" "0 0" "$(sent | xargs)"
nothing "no second OTP" "nothing was entered" "$(gw_press maggie | enroll --yes)"
nothing "a second one of another key" "another key" "$( { gw_press maggie; gw_press anne; } | enroll --yes)"
nothing "a password in place of the first" "not a one-time password" "$( { echo hunter2; gw_press maggie; } | enroll --yes)"
nothing "and of the second" "another key: none" "$( { gw_press maggie; echo hunter2; } | enroll --yes)"
nothing "a name that is none" "is not modhex" "$(two | sallyport key enroll 'no:body' --stdin --yes 2>&1)"
O=$(gw_press maggie)
nothing "the same OTP twice" "replayed OTP" "$(printf '%s\n%s\n' "$O" "$O" | enroll --yes)"
n=$(sent)
nothing "that OTP as a first one, again" "replayed OTP" "$( { echo "$O"; gw_press maggie; } | enroll --yes)"
check "  and it is not sent again, although the row had gone" "$n" "$(sent)"
both status BAD_OTP
nothing "an OTP that the servers call bad" "refused by the validation servers" "$(two | enroll --yes)"
both wrongkey
nothing "servers that cannot prove themselves" "no validation server gave a valid answer" "$(two | enroll --yes)"
both counter 5 5
nothing "a second one that is not newer" "replayed OTP" "$(two | enroll --yes)"
both hang
patience 1s
start=$SECONDS
nothing "servers that do not answer" "no validation server gave a valid answer" "$(two | enroll --yes)"
[ $((SECONDS - start)) -lt 20 ] && pass "  after $((SECONDS - start)) s" || fail "  only after $((SECONDS - start)) s"
patience 3s
seen=
for _ in 1 2 3 4 5; do # the row is there for three seconds, in which the machine may stand still
	{ two | exec sallyport key enroll maggie --stdin --yes >"$GW/said" 2>&1; } &
	job=$!
	while [ -z "$seen" ] && kill -0 $job 2>/dev/null; do
		! sallyport key list | grep "$ID" >/dev/null || seen=yes
	done
	pkill -INT -P $job -x sallyport
	wait $job
	[ -z "$seen" ] || break
done
[ -n "$seen" ] && pass "(the row is there while the servers think)" || fail "there never was a row"
patience 3500ms
nothing "Ctrl-C while the servers think" "no validation server" "$(cat "$GW/said")"
both ok
{ flock 9; nothing "yubikey_mappings is being edited" "another one edits it" "$(two | enroll --yes 9<&-)"; } 9</etc/sallyport
on_terminal() { SAY=$1 python3 tests/support/on_terminal.py root /usr/sbin/sallyport key enroll maggie; }
n=$(sent)
nothing "on a terminal: no" "import its secret first" "$(on_terminal "Press the YubiKey=$(gw_press maggie)|[y/N]=n")"
nothing "Ctrl-C in place of the second" "And once more" "$(on_terminal "Press the YubiKey=$(gw_press maggie)|[y/N]=y|And once more=$(printf '\003')")"
check "  nothing was sent" "$n" "$(sent)"
check "the key opens nothing" "" "$(hello)"

# The line was written by hand before: it stays, and the row goes nevertheless.
both status BAD_OTP
echo "maggie:$ID" >>$MAP
gw_reload >/dev/null
check "a key whose line is there already" "~refused by the validation servers" "$(two | enroll --yes)"
check "  no row is left" "" "$(sallyport key list | grep "$ID")"
check "  the line is" "maggie:$ID" "$(tail -1 $MAP)"
check "  it opens nothing" "" "$(hello)"
both ok
cat "$GW/map" >$MAP
gw_reload >/dev/null

# --- what does --------------------------------------------------------------------------
out=$(on_terminal "Press the YubiKey=$(gw_press maggie)|[y/N]=y|And once more=$(gw_press maggie)")
check "enrolled" "~key $ID is maggie's" "$out"
check "  by a line at the end" "maggie:$ID" "$(tail -1 $MAP)"
check "  and no other" "" "$(head -n -1 $MAP | diff - "$GW/map")"
check "  it is the service's" "~API" "$(sallyport key list maggie)"
check "  on record" "~key of the validation service added" "$(gw_log '"event":"admin"' "$ID" | tail -1)"
check "  as are those that came to nothing" "~taken back" "$(gw_log '"event":"admin"' "$ID")"
check "the new user logs in" "$PASSED" "$(hello)"
check "and again" "$PASSED" "$(hello)"
check "an enrolled key once more" "~maggie's already" "$(two | enroll)"
check "not for another user" "~that of maggie" "$(two | sallyport key enroll anne --stdin --yes 2>&1)"
check "its row stays" "~$ID" "$(sallyport key list)"

# --- key test ------------------------------------------------------------------------------
O=$(gw_press maggie)
out=$(sallyport key test --stdin <<<"$O")
check "key test: good" "~good" "$out"
check "  and whose" "~maggie" "$out"
n=$(sent)
check "key test: again" "~replayed" "$(sallyport key test --stdin <<<"$O")"
check "  which is not sent" "$n" "$(sent)"
check "key test as anne: foreign" "~foreign" "$(gw_press maggie | sallyport key test anne --stdin)"
check "  which is not sent" "$n" "$(sent)"
both status BAD_OTP
check "key test: bad" "~refused by the validation servers" "$(gw_press maggie | sallyport key test --stdin)"
both hang
patience 1s
check "key test: no answer" "~no validation server" "$(gw_press maggie | sallyport key test --stdin)"
patience 3500ms

# --- disable, enable, codes, lost ------------------------------------------------------------
both ok
sallyport key disable "$ID" >/dev/null
check "disabled: listed so" "~disabled" "$(sallyport key list maggie)"
n=$(sent)
check "  no login" "" "$(hello)"
check "  no test" "~disabled" "$(gw_press maggie | sallyport key test --stdin)"
check "  no enrolment" "~disabled" "$(two | enroll --yes)"
check "  nothing is sent" "$n" "$(sent)"
check "  key add does not bring it back" "~is disabled" "$(sallyport key add maggie "$ID" 2>&1)"
sallyport key enable "$ID" >/dev/null
check "enabled: a login" "$PASSED" "$(hello)"
sallyport key codes maggie --count 3 >"$GW/codes" 2>"$GW/err" || fail "key codes: $(cat "$GW/err")"
code() { sed -n "$1p" "$GW/codes"; }
both hang
n=$(sent)
check "a recovery code while the servers are dead" "$PASSED" "$(OTP=$(code 1) hello)"
check "  which is sent nowhere" "$n" "$(sent)"
check "  and once only" "" "$(OTP=$(code 1) hello)"
both ok
: >"$GW/asked"
check "the next login by the key" "$PASSED" "$(hello)"
check "  is told of the code" "~Recovery code 1 was used on" "$(cat "$GW/asked")"
gw_ssh maggie -N -L 15902:books:2222 2>"$GW/err" & pid=$!
gw_wait 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/15902'
out=$(sallyport key lost maggie 2>&1)
check "key lost disables it" "~key $ID is disabled" "$out"
gw_wait 10 bash -c "! kill -0 $pid 2>/dev/null" && pass "  and ends his connection" || fail "the connection goes on after key lost"
gw_end $pid
check "  it opens nothing" "" "$(hello)"
check "  a code does" "$PASSED" "$(OTP=$(code 2) hello)"
sallyport key enable "$ID" >/dev/null
check "found again" "$PASSED" "$(hello)"
for word in $(awk '/^ok/ { print $2 }' "$V/18201.log" | head -5); do
	check "no OTP in log or audit" 0 "$(cat "$GW/daemon.log" $AUDIT | grep -c "$word")"
done
v_done
