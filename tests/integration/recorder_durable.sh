#!/bin/bash
# The recorder: what it answered for is in the file, whenever it is killed; a torn
# end is cut and told; keys are recorded as ssh-keygen names them.
# timeout: 120
set -eu

driver=$BUILD/tests/recorder_driver
recorder=$BUILD/recorder
log=/var/log/recorder-test/audit.jsonl
die() { echo "$*"; exit 1; }

id _sallyport-record >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-record
rm -rf /var/log/recorder-test
"$driver" durable "$recorder" $log 100
grep -q '"event":"repair","detail":"cut 16 bytes of an unfinished line"' $log ||
	die "the cut of a torn line is not told"
echo "ok a torn line is cut, and a record says so"

[ "$(stat -c '%a %U:%G' $log)" = "640 root:adm" ] || die "$log: $(stat -c '%a %U:%G' $log)"
[ "$(stat -c '%a %U:%G' /var/log/recorder-test)" = "750 root:adm" ] || die "mode of the folder"
echo "ok file and folder are root's, readable by adm"

work=$(mktemp -d)
cd "$work"
ssh-keygen -q -t ed25519 -N '' -f ca
for type in ed25519 "rsa -b 2048" "ecdsa -b 256" "ecdsa -b 384" "ecdsa -b 521"; do
	# shellcheck disable=SC2086
	ssh-keygen -q -N '' -C "a comment" -f key -t $type
	ssh-keygen -q -s ca -I id -n anne key.pub
	cat key.pub key-cert.pub >>keys
	ssh-keygen -lf key.pub | cut -d' ' -f2 >>want
	ssh-keygen -lf key-cert.pub | cut -d' ' -f2 >>want
	rm key key.pub key-cert.pub
done
echo "ssh-rsa not-a-key" >>keys
echo null >>want
cd - >/dev/null
rm $log
"$driver" keys "$recorder" $log "$work/keys"
sed -n 's/.*"event":"session","ssh_key":"\{0,1\}\([^",]*\).*/\1/p' $log >"$work/got"
diff "$work/want" "$work/got" || die "fingerprints differ from those of ssh-keygen"
echo "ok 10 keys and certificates have the fingerprint that ssh-keygen prints"

rm $log
"$driver" big "$recorder" $log
echo "root:x:0:0" >$log
! timeout 60 "$driver" keys "$recorder" $log /dev/null >/dev/null 2>&1 ||
	die "it goes on behind what is no record"
rm $log
ln -s /etc/hosts $log
! timeout 60 "$driver" keys "$recorder" $log /dev/null >/dev/null 2>&1 || die "it follows a link"
rm $log
install -m 660 /dev/null $log
! timeout 60 "$driver" keys "$recorder" $log /dev/null >/dev/null 2>&1 ||
	die "it uses a file that others can write"
rm $log
echo "ok foreign text, a link, a file that others can write: it does not start"

: >$log
chmod 640 $log
held() { # until somebody holds the file
	for _ in $(seq 600); do flock -n $log true || return 0; sleep 0.05; done
	die "nobody holds $log"
}
mkfifo "$work/end"
flock $log cat "$work/end" &
held
{ sleep 0.5; : >"$work/end"; } & # not before it was seen
"$driver" keys "$recorder" $log /dev/null >/dev/null || die "it does not wait for its predecessor"
wait
flock $log sleep 100 &
holder=$!
held
began=$SECONDS
! timeout 25 "$driver" keys "$recorder" $log /dev/null >/dev/null 2>&1 || die "two recorders"
[ $((SECONDS - began)) -le 20 ] || die "it waits for its predecessor too long"
kill "$holder"
echo "ok it waits for a predecessor that ends, not for one that stays"
