#!/bin/bash
# Keys through the daemon: enrolled, tried, lost; recovery codes at a real login; a store
# that was put back, declared mended.
# timeout: 240
. tests/e2e/lib.sh
gw_start || { fail "the gateway did not start"; finish; }
yk="$BUILD/tests/yk"
ANNE=$(cat "$GW/anne.id") MAGGIE=$(cat "$GW/maggie.id")
MAP=/etc/sallyport/yubikey_mappings
hello() { OTP=${OTP:-fresh} gw_talk anne webdev:2222; }
verify_dir=/var/lib/sallyport/verify

# --- import ------------------------------------------------------------------------
"$yk" new "$GW/new.yk" >"$GW/new.csv"
NEW=$(cut -d, -f2 "$GW/new.csv")
out=$(sallyport key import "$GW/new.csv" </dev/null 2>&1 | cat)
check "without a terminal and --yes: only the dry run" "~no terminal to confirm on" "$(setsid sallyport key import "$GW/new.csv" 2>&1 </dev/null)"
check "which names the key" "~$NEW  serial" "$out"
check "and imports nothing" "" "$(sallyport key list | grep "$NEW")"
check "from standard input" "~1 key imported" "$(sallyport key import - --yes <"$GW/new.csv" 2>&1)"
echo "1,$NEW,x" >"$GW/bad.csv"
check "a bad line is named by file and line" "~$GW/bad.csv:1: " "$(sallyport key import --yes "$GW/bad.csv" 2>&1)"

# --- test, enroll ------------------------------------------------------------------
O=$(gw_press anne)
out=$(sallyport key test --stdin <<<"$O")
check "key test knows the key" "~$ANNE" "$out"
check "and says that it is good" "~good" "$out"
check "and whose" "~anne" "$out"
check "and has spent it" "~replayed" "$(sallyport key test --stdin <<<"$O")"
check "on record" "~key test" "$(gw_log '"event":"otp"' "$ANNE" '"verdict":"allow"')"
check "an OTP of another's key, as his" "~foreign" "$(gw_press maggie | sallyport key test anne --stdin)"
check "a test lets nobody in" "" "$(OTP=$O hello)"

printf '# by hand\n%s' "$(cat $MAP)" >"$GW/map"; echo >>"$GW/map"; cat "$GW/map" >$MAP; chmod 640 $MAP
out=$( { "$yk" press "$GW/new.yk"; "$yk" press "$GW/new.yk"; } | sallyport key enroll anne --stdin 2>&1)
check "a key is enrolled by two OTPs" "~key $NEW is anne's" "$out"
check "by a line at the end" "anne:$NEW" "$(tail -1 $MAP)"
check "the comment stays" "# by hand" "$(head -1 $MAP)"
check "and the mode" 640 "$(stat -c %a $MAP)"
mv "$GW/anne.yk" "$GW/anne.old"; cp "$GW/new.yk" "$GW/anne.yk"
check "and opens" "HELLOEND 5" "$(hello)"
cp "$GW/anne.yk" "$GW/new.yk"; cp "$GW/anne.old" "$GW/anne.yk"
O=$("$yk" press "$GW/new.yk")
check "the same OTP twice does not enroll" "~replayed" "$(printf '%s\n%s\n' "$O" "$O" | sallyport key enroll anne --stdin 2>&1)"
check "nor do two keys" "~another key" "$( { "$yk" press "$GW/new.yk"; gw_press anne; } | sallyport key enroll anne --stdin 2>&1)"
check "nor another user's" "~that of anne" "$("$yk" press "$GW/new.yk" | sallyport key enroll maggie --stdin 2>&1)"
"$yk" new "$GW/unknown.yk" >/dev/null
check "nor one that is not in the store" "~import its secret first" "$("$yk" press "$GW/unknown.yk" | setsid sallyport key enroll anne --stdin 2>&1)"
check "the list says whose" "~anne" "$(sallyport key list anne | grep "$NEW")"
check "and of one user only his" 0 "$(sallyport key list anne | grep -c "$MAGGIE")"
check "key add refuses an unknown key" "~not in the store" "$(sallyport key add anne cccccccccccb 2>&1)"
check "and another user's" "~that of anne" "$(sallyport key add maggie "$NEW" 2>&1)"
printf 'broken' >>$MAP
check "a file cut short is not touched" "~no newline" "$(sallyport key add anne "$ANNE" 2>&1)"
sed -i '$d' $MAP; [ "$(tail -c1 $MAP)" = "" ] || echo >>$MAP

# --- recovery codes ----------------------------------------------------------------
sallyport key codes anne --count 3 >"$GW/codes" 2>"$GW/err" || fail "key codes: $(cat "$GW/err")"
check "three codes" 3 "$(grep -cE '^[123](-[0-9A-Z]{4}){4}$' "$GW/codes")"
code() { sed -n "$1p" "$GW/codes"; }
check "a login by recovery code" "HELLOEND 5" "$(OTP=$(code 1) hello)"
check "on record as code 1" "~\"key\":\"code 1\"" "$(gw_log '"event":"otp"' '"verdict":"allow"' | tail -1)"
check "not a second time" "" "$(OTP=$(code 1) hello)"
gw_logged 15 '"event":"otp"' '"user":"anne"' "spent recovery code" && pass "which is on record" || fail "which is not on record: $(gw_log '"event":"otp"' | tail -1)"
check "not for another user" "" "$(OTP=$(code 2) gw_talk maggie books:2222)"
check "an admin's test of his key" "~good" "$(gw_press anne | sallyport key test anne --stdin)"
: >"$GW/asked"
check "does not count as telling him: the next login" "HELLOEND 5" "$(hello)"
check "is told of it" "~Recovery code 1 was used on" "$(cat "$GW/asked")"
: >"$GW/asked"
check "and the one after" "HELLOEND 5" "$(hello)"
check "is not" 0 "$(grep -c Recovery "$GW/asked")"
check "the code is nowhere in log or journal" "" "$(grep -rF "$(code 1 | cut -d- -f2-)" $AUDIT "$GW/daemon.log")"
for i in 1 2 3 4 5 6 7 8 9 10; do echo "2-0000-0000-0000-000$((i - 1))"; done | while read -r wrong; do
	sallyport key test anne --stdin <<<"$wrong" >/dev/null
done
check "ten wrong ones void the codes" "~codes void" "$(code 2 | sallyport key test anne --stdin)"
check "not the key" "HELLOEND 5" "$(hello)"

# --- lost --------------------------------------------------------------------------
gw_ssh anne -N -L 15901:webdev:5900 2>"$GW/err" & pid=$!
gw_wait 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/15901'
out=$(sallyport key lost anne 2>&1)
check "key lost disables all keys" "2" "$(grep -c 'is disabled' <<<"$out")"
check "and says what to do" "~key enroll anne" "$out"
gw_wait 10 bash -c "! kill -0 $pid 2>/dev/null" && pass "and ends his connection" || fail "the connection goes on after key lost"
gw_end $pid
check "his key opens nothing" "" "$(hello)"
sallyport key enable "$ANNE" >/dev/null
check "until it is enabled" "HELLOEND 5" "$(hello)"

# --- recover -----------------------------------------------------------------------
# shellcheck disable=SC2034 # read by lib.sh: status is not content with what follows
GW_UP_BY="sallyport key list"
touch "$GW/no-restart"; kill "$(cat "$GW/daemon.pid")"; wait "$GW_LOOP" 2>/dev/null; rm -f "$GW/no-restart"
cp -a $verify_dir "$GW/backup"
gw_daemon
O=$(gw_press anne)
check "an OTP after the backup" "HELLOEND 5" "$(OTP=$O hello)"
touch "$GW/no-restart"; kill "$(cat "$GW/daemon.pid")"; wait "$GW_LOOP" 2>/dev/null; rm -f "$GW/no-restart"
rm -rf $verify_dir; cp -a "$GW/backup" $verify_dir
gw_daemon
check "a store that was put back: no OTP" "" "$(hello)"
check "status says why" "~key recover" "$(sallyport status)"
gw_restart
check "also after a restart" "" "$(hello)"
out=$(sallyport key recover --dry-run 2>&1)
check "recover says what disagrees" "~backup" "$out"
check "and how many OTPs the log knows" "~1 of the 1 OTPs" "$out"
check "a dry run changes nothing" "" "$(hello)"
check "without a terminal it wants --yes" "~no terminal" "$(setsid sallyport key recover 2>&1 </dev/null)"
check "recover" "~agree" "$(sallyport key recover --yes 2>&1)"
replays() { gw_log '"event":"otp"' replayed | grep -c .; }
before=$(replays)
check "the OTP that the old store had forgotten" "" "$(OTP=$O hello)"
one_more() { [ "$(replays)" -gt "$before" ]; }
gw_wait 15 one_more && pass "is replayed" || fail "is not replayed: $(gw_log '"event":"otp"' | tail -1)"
check "a new one opens" "HELLOEND 5" "$(hello)"
gw_logged 15 '"event":"admin"' "key recover" && pass "on record" || fail "recover is not on record"

# The log cut: refused, also once it has grown past the gap, until recover.
touch "$GW/no-restart"; kill "$(cat "$GW/daemon.pid")"; wait "$GW_LOOP" 2>/dev/null; rm -f "$GW/no-restart"
cp $AUDIT "$GW/audit"; head -n -12 "$GW/audit" >$AUDIT
gw_daemon
check "a log that was cut: no OTP" "" "$(hello)"
for _ in $(seq 15); do sallyport reload >/dev/null; done
gw_restart
check "also when it has grown past the gap" "" "$(hello)"
check "status says why" "~cut" "$(sallyport status)"
sallyport key recover --yes >/dev/null 2>&1
check "after recover" "HELLOEND 5" "$(hello)"
gw_restart
check "and a restart" "HELLOEND 5" "$(hello)"
finish
