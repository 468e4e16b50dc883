#!/bin/bash
# Whatever is down, full or hanging: gated users are refused within 10 s with words, and
# an ungated admin and root log in as before.
# timeout: 500
. tests/e2e/lib.sh

# Small file systems that can be filled.
mkdir -p /var/log/sallyport /var/lib/sallyport
mount -t tmpfs -o size=3m,mode=750 log /var/log/sallyport
mount -t tmpfs -o size=6m,mode=755 lib /var/lib/sallyport
gcc -shared -fPIC -o /usr/lib/"$(gcc -dumpmachine)"/libnss_hang.so.2 tests/e2e/nss_hang.c
gw_start || { fail "the gateway did not start"; finish; }
# As with any directory: who must get in without it has a group in the local files.
usermod -aG adm fred; usermod -aG adm root

refused() { # WHAT WORDS: gated anne is refused within 10 s, and is told so
	local start end out
	for _ in 1 2; do # once more if it takes long: the machine may have stood still
		start=$(date +%s%N)
		out=$(GW_LEVEL=INFO gw_talk anne webdev:2222)
		end=$(( ($(date +%s%N) - start) / 1000000 ))
		[ $end -gt 10000 ] || break
	done
	check "$1: gated: no byte" "" "$out"
	if [ $end -le 10000 ]; then pass "  refused after $end ms"; else fail "  refused after $end ms only"; fi
	check "  with words" "~$2" "$(cat "$GW/err")"
}
others() {
	check "  ungated admin logs in" hi "$(OTP=none gw_ssh fred -- echo hi 2>&1)"
	check "  root logs in" hi "$(OTP=none gw_ssh root -- echo hi 2>&1)"
}
works() { gw_wait 20 sallyport status; check "$1" "HELLOEND 5" "$(gw_talk anne webdev:2222)"; }

works "before: the gate works"
others

kill -STOP "$(cat "$GW/daemon.pid")"
refused "daemon hangs" "Sallyport does not answer"; others
kill -CONT "$(cat "$GW/daemon.pid")"
works "daemon goes on: works again"

gw_daemon_stop
refused "daemon stopped" "Sallyport does not answer"; others
rm -f /run/sallyport/pam.sock
refused "socket gone" "Sallyport does not answer"; others
python3 - <<-'PY' &
	import os, socket
	s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	s.bind("/run/sallyport/pam.sock")
	os.chmod("/run/sallyport/pam.sock", 0o666)
	os.setuid(65534)
	s.listen(5)
	import time
	time.sleep(100)
PY
FAKE=$!; gw_wait 15 test -S /run/sallyport/pam.sock
gw_daemon && works "daemon started again: works"
kill $FAKE 2>/dev/null; wait $FAKE 2>/dev/null

# The log on a disk that is too small for what the recorder keeps in reserve. (That a
# full disk first uses up the reserve is shown by integration/recorder_full.sh.)
gw_daemon_stop
mkdir "$GW/small"; mount -t tmpfs -o size=128k,mode=750 small "$GW/small"
cp -p $AUDIT "$GW/small/"; mount --move "$GW/small" /var/log/sallyport
GW_UP_BY="sallyport show" gw_daemon || true
refused "audit disk full" "records now"; others
gw_daemon_stop
# The larger disk gets the log as it is now: one that lacks records is a log that was cut.
cp -p $AUDIT "$GW/grown"
gw_wait 20 umount /var/log/sallyport || fail "the small disk is still in use"
cp -p "$GW/grown" $AUDIT
gw_daemon
works "space again: works"

# The log hangs once somebody is in: his next channel has no record, and gets no byte.
GW_TIMEOUT=100 gw_ssh anne -M -S "$GW/mux" -N 2>"$GW/err" & MASTER=$!
gw_wait 60 ssh -F none -S "$GW/mux" -O check x || fail "no connection: $(cat "$GW/err")"
read -ra recorder <<<"$(pgrep -x recorder | tr '\n' ' ')" # with its child for the kernel's log
kill -STOP "${recorder[@]}"
out=$(printf hello | OTP=none GW_TIMEOUT=20 gw_ssh anne -S "$GW/mux" -W webdev:2222 2>/dev/null)
check "a channel without a record: no byte" "" "$out"
kill -CONT "${recorder[@]}" 2>/dev/null
gw_end $MASTER
works "the log writes again: works"

dd if=/dev/zero of=/var/lib/sallyport/fill bs=4k 2>/dev/null
FULL=$(gw_press anne)
out=$(OTP=$FULL gw_talk anne webdev:2222)
if [ -z "$out" ]; then pass "store disk full: no byte"; else
	# SQLite may still have had room in its own files: then the OTP must be spent.
	check "store disk full, but it had room left: the OTP is spent" "" "$(OTP=$FULL gw_talk anne webdev:2222)"
fi
others
rm -f /var/lib/sallyport/fill
works "space again: works"

# A directory that hangs. sshd itself never asks for the group that only it would know.
sed -i '/^passwd:/d; /^group:/d; /^initgroups:/d' /etc/nsswitch.conf
printf 'passwd: files hang\ngroup: files hang\ninitgroups: files [SUCCESS=return] hang\n' >>/etc/nsswitch.conf
echo '@directory  webdev  ssh  always' >>/etc/sallyport/vm_mappings
gw_reload >/dev/null
works "with a directory that answers: works"
gw_hold anne kept || fail "no connection: $(cat "$GW/kept.log")"
touch /run/nss-hang
refused "the directory hangs" "looked up"; others
# The helper is ended and begun again all that time: what was known of the settings stays.
for i in 1 2 3 4 5 6; do
	check "  who is in reaches his VM ($i)" "HELLOEND 5" \
		"$(printf hello | gw_over kept -W webdev:2222 x 2>/dev/null | tr '\n' ' ' | sed 's/ $//')"
	sleep 0.4
done
gw_release kept
rm -f /run/nss-hang
gw_wait 20 sallyport status # the helper that was killed is there again
works "it answers again: works"
sallyport audit verify >"$GW/verify" 2>&1 && pass "$(cat "$GW/verify")" || fail "audit verify: $(cat "$GW/verify")"
gw_daemon_stop
umount /var/log/sallyport /var/lib/sallyport
sed -i '/^passwd:/d; /^group:/d; /^initgroups:/d' /etc/nsswitch.conf
printf 'passwd: files\ngroup: files\n' >>/etc/nsswitch.conf
finish
