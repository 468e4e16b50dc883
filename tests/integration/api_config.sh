#!/bin/bash
# The validation servers' configuration: what is not plainly right is refused (peers'
# attack cases C1 to C14).
# timeout: 60
set -eu
BUILD=$(cd "${BUILD:-build}" && pwd)
[ -e /run/sallyport-sandbox ] || { echo "only in the copy: tools/sandbox run"; exit 77; }
getent passwd _sallyport-api >/dev/null || useradd -r -s /usr/sbin/nologin _sallyport-api
. tests/support/validation.sh
trap v_stop EXIT
die() { echo "FAILED: $*"; exit 1; }

# --- files that the helper reads -------------------------------------------
helper() { # [KEY [CA]]: its words and exit status
	echo end | timeout 100 "$BUILD/tests/api_driver" "$BUILD/api" --id 4711 --key "${1:-$V/api.key}" \
		--ca "${2:-$V/ca.pem}" https://127.0.0.1:1/ 2>&1
}
refuses() { # CASE PATTERN [KEY [CA]]
	local out
	out=$(helper "${@:3}") || true
	grep -q 'exit 78' <<<"$out" || die "$1: $out"
	grep -q -- "$2" <<<"$out" || die "$1: no '$2' in: $out"
	out=$(check_files "${@:3}") && die "$1: check takes it: $out"
	grep -q -- "api_[a-z]*: .*$2" <<<"$out" || die "$1: check: no '$2' in: $out"
	echo "ok $1, also by check"
}
D=$V/etc
mkdir -p "$D"
touch "$D/vms.conf" "$D/vm_mappings" "$D/yubikey_mappings"
conf() { printf '[sallyport]\ngated = @vmusers\n%b\n' "$1" >"$D/sallyport.conf"; }
check() { "$BUILD/sallyport" --config "$D/sallyport.conf" check 2>&1; }
check_files() { # [KEY [CA]]: what check says of them
	conf "api_url = https://127.0.0.1:1/\napi_id = 4711\napi_key = ${1:-$V/api.key}\napi_ca = ${2:-$V/ca.pem}"
	check
}
out=$(check_files) || die "check: good files: $out"
out=$(printf 'end\n' | timeout 100 "$BUILD/tests/api_driver" "$BUILD/api" --id 4711 --key "$V/api.key" \
	--ca "$V/ca.pem" https://127.0.0.1:1/ 2>&1 || true)
grep -q ready <<<"$out" || die "it does not start at all: $out"
key() { printf "$1" >"$V/bad.key"; chmod 600 "$V/bad.key"; }
key ''; refuses "C1 an empty key" "is empty" "$V/bad.key"
key '\n\n'; refuses "C1 a key of blank lines" "is empty" "$V/bad.key"
for bad in '!!!!' A AAA 'mG5be6ZJU1qBGz24yPh/ESM3UdU' 'mG5be6ZJU1qB Gz24yPh/ESM3UdU=' 'mG5be6ZJU1qBGz24yPh/ESM3UdV='; do
	key "$bad"
	refuses "C1 key '$bad'" "is not one word of base64" "$V/bad.key"
done
key AAAAAAAAAAAAAAAAAAAA; refuses "C1 a key of 15 bytes" "less than 16 bytes" "$V/bad.key"
key "$(head -c 65 /dev/zero | base64 -w0)"; refuses "C1 a key of 65 bytes" "more than 64 bytes" "$V/bad.key"
chmod 640 "$V/api.key"; chgrp daemon "$V/api.key"
refuses "C5 a key that a group can read" "api.key"
chgrp root "$V/api.key"; chmod 644 "$V/api.key"
refuses "C5 a key that all can read" "api.key"
chmod 600 "$V/api.key"; chown daemon "$V/api.key"
refuses "C5 somebody else's key" "api.key"
chown root "$V/api.key"
refuses "C5 no key file" "No such file" "$V/nothing"
refuses "C5 a folder" "" "$V"
mkfifo -m 600 "$V/fifo"
refuses "C5 a FIFO" "" "$V/fifo"
install -o daemon -m 600 "$V/api.key" "$V/daemons.key"
ln -s "$V/daemons.key" "$V/link"
refuses "C5 a link to somebody else's file" "" "$V/link"
truncate -s 5000 "$V/long"; chmod 600 "$V/long"
refuses "C5 a long file" "" "$V/long"
echo x >"$V/x.pem"
refuses "C5 authorities that are none" "not a file of certificates" "$V/api.key" "$V/x.pem"
head -c 600 "$V/ca.pem" >"$V/cut.pem"
refuses "C5 authorities cut short" "not a file of certificates" "$V/api.key" "$V/cut.pem"
{ cat "$V/ca.pem"; head -c 600 "$V/ca.pem"; } >"$V/cut.pem"
refuses "C5 a second one cut short" "not a file of certificates" "$V/api.key" "$V/cut.pem"
refuses "C5 no authorities" "No such file" "$V/api.key" "$V/nothing"
chmod 666 "$V/ca.pem"
refuses "C5 authorities that all can write" "ca.pem"
chmod 644 "$V/ca.pem"

# --- sallyport.conf ----------------------------------------------------------
good="api_url = https://a.example/v
api_id = 4711
api_key = $V/api.key
api_ca = $V/ca.pem"
# --- store_key, where there may be none yet ------------------------------------
store_key() { conf "store_key = $V/store.key"; check; }
out=$(store_key) || die "no store_key yet: $out"
head -c 32 /dev/urandom >"$V/store.key"; chmod 400 "$V/store.key"
out=$(store_key) || die "a good store_key: $out"
chmod 444 "$V/store.key"
out=$(store_key) && die "a store_key that all can read: $out"
grep -q "store_key: $V/store.key" <<<"$out" || die "a store_key that all can read: $out"
head -c 31 /dev/urandom >"$V/store.key"; chmod 400 "$V/store.key"
out=$(store_key) && die "a store_key of 31 bytes"
grep -q "not a key file of 32 bytes" <<<"$out" || die "a store_key of 31 bytes: $out"
rm "$V/store.key"
mkdir -p /var/lib/sallyport/verify
touch /var/lib/sallyport/verify/keys.db
out=$(store_key) && die "a store without its key file"
grep -q "is missing, and there is a store" <<<"$out" || die "a store without its key file: $out"
rm /var/lib/sallyport/verify/keys.db
grep -qF "$(cat "$V/api.key")" <<<"$(check_files "$V/api.key" "$V/x.pem"; chmod 644 "$V/api.key"; check_files)" &&
	die "check shows the key"
chmod 600 "$V/api.key"
echo "ok check looks at store_key, and shows no key"

conf "$good"
out=$(check) || die "a good configuration is refused: $out"
wrong() { # CASE PATTERN LINES
	local out
	conf "$3"
	if out=$(check); then die "$1: taken: $3"; fi
	grep -q -- "$2" <<<"$out" || die "$1: no '$2' in: $out"
	echo "ok $1"
}
url() { wrong "$1 $2" 'sallyport.conf:3: api_url: ' "api_url = $2\napi_id = 1"; }
for id in abc -1 0 007 12345678901 '1 2' 0x10 1.5; do
	wrong "C2 api_id = $id" 'api_id: ' "api_url = https://a.example/\napi_id = $id"
done
wrong "C2 no api_id" 'api_url: needs api_id' "api_url = https://a.example/"
wrong "C2 an empty api_id" 'api_url: needs api_id' "api_url = https://a.example/\napi_id ="
wrong "C2 api_id without api_url" 'api_id: is of no use' "api_id = 1"
for key in api_keyy apikey API_KEY alwaysok api_failmode api_insecure api_verify; do
	wrong "C3 $key" 'unknown key' "$good\n$key = x"
done
url C4 http://a.example/v
url C4 a.example/v
wrong "C4 api_key without a file" 'api_key: ' "$good\napi_key ="
wrong "C4 api_key that is no path" 'api_key: ' "$good\napi_key = mG5be6ZJU1qBGz24yPh/ESM3UdU="
wrong "C6 an unknown key in front changes nothing" 'unknown key' "nokey = 1\n$good"
url C9 "https://a.example/$(printf 'x%.0s' $(seq 600))"
conf "${good/\/v//$(printf 'x%.0s' $(seq 300))}"
check >/dev/null || die "C9: 300 characters"
echo "ok C9 a URL of 300 characters is taken whole"
for u in https://a.example/%s https://a.example/%n%n 'https://a.example/v?id=%d&otp=%s' https://a.example/v?x https://u:p@a.example/; do
	url "C10/C11" "$u"
done
wrong "C12 eleven servers" 'more than 8 words' \
	"api_url =$(for i in $(seq 11); do printf ' https://a%d.example/' "$i"; done)\napi_id = 1"
wrong "C12 a server twice" 'twice' "api_url = https://a.example/ https://a.example/\napi_id = 1"
url C12 'https://a.example/;;https://b.example/'
url C12 ';;'
wrong "C14 api_url twice" 'api_url: ' "$good\napi_url = https://b.example/"
wrong "C14 api_id twice" 'api_id: ' "$good\napi_id = 5"
for proxy in https://p:1 http://p http://p:1/x http://u@p:1 p:3128 socks5://p:1 http://p:0; do
	wrong "C14 api_proxy = $proxy" 'api_proxy: ' "$good\napi_proxy = $proxy"
done
conf "$good\napi_proxy = http://proxy.example:3128"
check >/dev/null || die "a good proxy is refused"
for t in 0s 50ms 4s 1h 3; do wrong "C14 api_timeout = $t" 'api_timeout: ' "$good\napi_timeout = $t"; done
echo "ok C13 there is no way to go without a signature, and none to open on errors"
