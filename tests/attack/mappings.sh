#!/bin/bash
# yubikey_mappings as somebody might leave it, or change it while it is read (M1-M13). A
# file that is not whole and root's changes nothing: what was loaded before goes on.
# timeout: 120
. tests/e2e/lib.sh
TALK=$BUILD/tests/pam_talk
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="services = sallytest"
gw_start >/dev/null || { fail "the gateway did not start"; finish; }
echo 'auth required pam_sallyport.so group=vmusers' >/etc/pam.d/sallytest
MAP=/etc/sallyport/yubikey_mappings
A=$(cat "$GW/anne.id"); M=$(cat "$GW/maggie.id")
cp -p $MAP "$GW/good"
enters() { # USER KEY-HOLDER: does USER get in with KEY-HOLDER's OTP?
	timeout 60 "$TALK" --rhost "$RANDOM$RANDOM" --answer "$(gw_press "$2")" sallytest "$1" authenticate 2>/dev/null | grep -c PAM_SUCCESS
}
refused() { # WHAT [WORDS]: the file as it is now is not loaded, and anne's key goes on
	local out
	out=$(sallyport reload 2>&1) && fail "$1: loaded" || pass "$1: not loaded"
	[ -z "${2:-}" ] || check "  says why" "~$2" "$out"
	check "  what was loaded goes on" "1 0" "$(enters anne anne) $(enters maggie anne)"
	rm -rf $MAP; cp -p "$GW/good" $MAP
}
put() { printf '%b' "$1" >$MAP; }

for pad in 1010 1011 1012 1022 1023 1024 1025 4095 65535; do
	{ printf '#%*sroot:%s\n' $pad '' "$A"; printf 'maggie:%s\nanne:%s\n' "$M" "$A"; } >$MAP
	sallyport reload >/dev/null || fail "M1 a comment of $pad bytes"
done
check "M1 the tail of a long line is no entry" 1 "$(enters anne anne)"
cp -p "$GW/good" $MAP
put "\\0anne:$A\n"; refused "M2 a NUL in column 0" yubikey_mappings:1
put "anne:$A\\0\n"; refused "M2 a NUL at the end"
put "maggie:$M\nanne:$A"; refused "M3 no newline at the end" "cut short"
put "\\xef\\xbb\\xbfanne:$A\n"; refused "M3 a byte-order mark" "byte-order mark"
put "maggie:$M\r\n \tanne\t:\t$A\t\r\n"; sallyport reload >/dev/null; check "M3 CRLF and blanks are taken" "1 1" "$(enters anne anne) $(enters maggie maggie)"
cp -p "$GW/good" $MAP
for line in ":$A" "anne::$A" "anne:" "anne" "*:$A" "@vmusers:$A"; do put "$line\n"; refused "M4 '$line'"; done
put ""; sallyport reload >/dev/null 2>&1; check "M4 an empty file is nobody's key" "0 0" "$(enters anne anne) $(enters maggie maggie)"
cp -p "$GW/good" $MAP; sallyport reload >/dev/null
put "anne:$A\nmaggie:$A\n"; refused "M5 one key for two users" "already"
put "anne:cccc\nmaggie:$M\nanne:$A\n"; sallyport reload >/dev/null; check "M5 a user in two lines has both keys" 1 "$(enters anne anne)"
{
	echo "maggie:$M"
	awk 'BEGIN { d = "cbdefghijklnrtuv"; for (i = 0; i < 1000000; i++) { s = ""; n = i; for (k = 0; k < 12; k++) { s = s substr(d, n % 16 + 1, 1); n = int(n / 16) } printf "u%d:%s\n", i, s } }'
	echo "anne:$A"
} >$MAP
# Who asks for a reload waits 20 s for it: the daemon goes first, whatever else runs here.
renice -n -15 -p "$(cat "$GW/daemon.pid")" >/dev/null
start=$(date +%s%N); sallyport reload >/dev/null || fail "M5 a million lines: not loaded"
check "M5 a million lines ($(( ($(date +%s%N) - start) / 1000000 )) ms to load): first and last user" "1 1" "$(enters maggie maggie) $(enters anne anne)"
cp -p "$GW/good" $MAP; sallyport reload >/dev/null
renice -n 0 -p "$(cat "$GW/daemon.pid")" >/dev/null

# M6: changed while it is read, again and again; no reload may see a half.
printf 'anne:%s\nmaggie:%s\n' "$M" "$A" >"$GW/swapped"
( for _ in $(seq 60); do
	cp "$GW/swapped" $MAP.new; mv $MAP.new $MAP; cp "$GW/good" $MAP.new; mv $MAP.new $MAP
done ) & W=$!
torn=0
while kill -0 $W 2>/dev/null; do sallyport reload >"$GW/out" 2>&1 || { torn=$((torn + 1)); cat "$GW/out"; }; done
wait $W; sallyport reload >/dev/null
check "M6 replaced by rename under 60 readers' eyes: reloads that saw a half" 0 $torn
check "M6   and at the end the good one counts" "1 0" "$(enters anne anne) $(enters anne maggie)"
head -c 20 "$GW/good" >$MAP; refused "M6 cut in the middle"
( exec 9<>$MAP; flock 9; exec sleep 300 ) & W=$!
gw_wait 20 bash -c "! flock -n $MAP true" || fail "M6 it is not locked"
timeout 60 sallyport reload >/dev/null && pass "M6 locked by somebody: read all the same" || fail "M6 locked: waits"
kill $W; wait $W 2>/dev/null

chmod 664 $MAP; chgrp vmusers $MAP; refused "M7 writable by a group"
chmod 666 $MAP; refused "M7 writable by all"
chmod 777 /etc/sallyport; out=$(sallyport reload 2>&1) && fail "M7 in a folder that all may write to" || pass "M7 in a folder that all may write to: not loaded"
chmod 755 /etc/sallyport
chown anne $MAP; refused "M9 a user's own file"
rm $MAP; mkfifo $MAP; out=$(timeout 60 sallyport reload 2>&1); [ $? = 124 ] && fail "M8 a FIFO: waits" || pass "M8 a FIFO: does not wait"; refused "M8 a FIFO"
rm $MAP; mkdir $MAP; refused "M8 a folder"
rm $MAP; mknod $MAP c 1 5; refused "M8 a device that never ends"
rm $MAP; ln -s /home/anne/own $MAP; echo "anne:$M" >/home/anne/own; chown anne /home/anne/own; refused "M8 a symbolic link to a user's file"
rm $MAP; ln -s /nowhere $MAP; refused "M8 a link to nowhere"
mkdir -p "$GW/xdg/sallyport"; echo "anne:$M" >"$GW/xdg/sallyport/yubikey_mappings"; echo "anne:$M" >/home/anne/.yubico
check "M10 XDG_CONFIG_HOME and HOME choose no file" 0 "$(XDG_CONFIG_HOME=$GW/xdg HOME=/home/anne enters anne maggie)"
for name in 'a,ou=x' '../etc/passwd' 'anne*' '%u' 'anne:x' '$(id)' "anne'--" 'anne '; do
	check "M12 the name '$name' is not anne" 0 "$(enters "$name" anne)"
done
put "anne:${A:0:8}\nmaggie:$M\n"; sallyport reload >/dev/null
check "M13 a registered id that is the beginning of the key's" 0 "$(enters anne anne)"
cp -p "$GW/good" $MAP; sallyport reload >/dev/null

# M11: nothing is left open.
fds() { local n=0 p; for p in $(cat "$GW/daemon.pid") $(pgrep -P "$(cat "$GW/daemon.pid")"); do n=$((n + $(ls "/proc/$p/fd" | wc -l))); done; echo $n; }
fds_are() { [ "$(fds)" = "$1" ]; }
enters anne anne >/dev/null; sleep 0.5; before=$(fds)
for _ in 1 2 3 4 5; do # whoever is on the way out still has some
	sleep 0.2; n=$(fds); [ "$n" -ge "$before" ] || before=$n
done
timeout 110 "$TALK" --times "${LOGINS:-300}" --threads 4 --conv-error sallytest anne authenticate >/dev/null 2>&1
for _ in 1 2 3 4 5; do enters anne anne >/dev/null; done; sallyport reload >/dev/null
gw_wait 30 fds_are "$before"
check "M11 descriptors of the daemon and its helpers after $((4 * ${LOGINS:-300})) logins and a reload" "$before" "$(fds)"
check "M11 descriptors of the program around the module: with 20 there may be, the 100th answer is the first's" "authenticate: PAM_CONV_ERR" \
	"$(timeout 110 "$TALK" --limit nofile=20 --times 100 --conv-error sallytest anne authenticate 2>/dev/null | sort -u)"
finish
