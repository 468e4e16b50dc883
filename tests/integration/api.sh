#!/bin/bash
# The helper api against servers and networks that misbehave (peers' attack cases S1 to
# S30), and the environment (P7). Each case by its number.
# timeout: 120
set -eu
BUILD=$(cd "${BUILD:-build}" && pwd)
[ -e /run/sallyport-sandbox ] || { echo "only in the copy: tools/sandbox run"; exit 77; }
for need in "$BUILD/api" "$BUILD/tests/api_driver" "$BUILD/tests/yk"; do
	[ -x "$need" ] || { echo "$need is not built"; exit 77; }
done
getent passwd _sallyport-api >/dev/null || useradd -r -s /usr/sbin/nologin _sallyport-api
. tests/support/validation.sh
trap v_stop EXIT
YK=$V/yk
"$BUILD/tests/yk" new "$YK" --public ccccccbcgujh >/dev/null
press() { "$BUILD/tests/yk" press "$YK"; }

die() { echo "FAILED: $*"; tail -3 "$V/errors" 2>/dev/null; exit 1; }
ARGS="--id 4711 --key $V/api.key --ca $V/ca.pem"
start() { # URL…: the helper with these servers
	# shellcheck disable=SC2086
	coproc DRIVER { exec "$BUILD/tests/api_driver" "${API:-$BUILD/api}" $ARGS "$@" 2>"$V/api.log"; }
	IN=${DRIVER[1]} OUT=${DRIVER[0]} PID=$DRIVER_PID
	read -r -t 100 line <&"$OUT" && [ "$line" = ready ] || die "the helper did not start: ${line:-}"
}
stop() { eval "exec $IN>&-"; wait "$PID" || die "it did not end in order"; }
ask() { # WORDS…: one line of answer
	echo "$*" >&"$IN"
	read -r -t 100 REPLY <&"$OUT" || die "$*: no answer"
}
expect() { # VERDICT WHAT [MS]: a fresh OTP gets it
	ask "otp $(press) ${3:-20000}"
	case $REPLY in "$1 "*) echo "ok $2" ;; *) die "$2: wanted $1, got: $REPLY" ;; esac
}
one() { # CASE VERDICT WORDS…: how the one server behaves
	local name=$1 verdict=$2
	shift 2
	v_how 18101 "$@"
	expect "$verdict" "$name $*" "${MS:-20000}"
}

U=https://127.0.0.1:18101/wsapi/2.0/verify
v_start 18101
start "$U"
one S0 ok ok
one S0 ok nocounter
for n in 0 1 19 21 26 27 28 64 1000 4000; do one S1 none bytes "$n"; done
for h in '' = A AAAA AAAAAAAAAAAAAAAAAAAAAAAAAAA 'AAAAAAAAAAAAA_AAAAAAAAAAAAA=' '!!!!!!!!!!!!!!!!!!!!!!!!!!!='; do
	one S2 none h "$h"
done
one S2 none junk x
one S2 none junk ==
one S3 none noh
one S4 none wrongkey
one S5 none emptykey
one S6 none noecho otp
one S6 none noecho nonce
one S6 none noecho otp nonce
one S7 none otherotp
one S8 none othernonce
one S9 none twice status BAD_OTP OK
one S9 none twice status OK BAD_OTP
one S9 none twice status OK OK
one S9 none twice h wrong right
one S9 none twice h right right
one S9 none twice nonce 0000000000000000 1111111111111111
one S10 none joined
one S10 none split
for code in 404 500 503 201 204 400; do one S11 none http $code; done
v_start 18102
one S12 none http 302 Location:_https://127.0.0.1:18102/
one S12 none http 302 Location:_file:///etc/passwd
one S12 none http 301 Location:_http://127.0.0.1:18101/
[ ! -s "$V/18102.log" ] || die "S12: the redirect was followed: $(cat "$V/18102.log")"
for how in empty html cr "longline 1000000" "lines 100000" "value status 4f4b20" "value x 610062" \
	"value x 0a" "value x 0d"; do
	# shellcheck disable=SC2086
	one S13 none $how
done
one S13 ok lf
one S13 ok nonewline
ask kib; before=$REPLY
one S14 none huge
one S14 none huge chunked
one S14 none headers
one S14 none continue
ask kib; after=$REPLY
[ $((after - before)) -lt 2000 ] || die "S14: $before KiB before, $after KiB after"
echo "ok S14 memory stays flat ($before KiB before, $after KiB after)"
MS=600 one S15 none hang
MS=600 one S16 none drip
one S17 none close
one S17 none reset
one S17 none cut
for status in ok "OK~" WHATEVER Ok "~OK" OK,OK; do one S18 none status "$status"; done
one S19 ok status OK
one S19 bad status BAD_OTP
one S19 replayed status REPLAYED_OTP
for status in REPLAYED_REQUEST BAD_SIGNATURE MISSING_PARAMETER NO_SUCH_CLIENT OPERATION_NOT_ALLOWED \
	BACKEND_ERROR NOT_ENOUGH_ANSWERS DELAYED_OTP; do
	one S19 none status $status
	one S19 none early $status
done
one S19 none early OK
one S19 none early BAD_OTP
one S19 bad bare BAD_OTP
one S19 none bare OK
one S23 none value x 1b5b324a
one S23 none value status 1b5d303b
case $REPLY in *[$'\x1b\x07']*) die "S23: $REPLY" ;; esac
one S24 none garbage
one S25 none http 429 Retry-After:_999999999
one S25 none http 429 Retry-After:_-1
one S25 none http 503 Retry-After:_1
one S26 ok skew 1970-01-01T00:00:00Z0000
one S26 ok skew 2999-12-31T23:59:59Z0999
one S26 ok extra
one S26 none counter 0 0
one S26 none counter 70000 1
one S26 none counter 5
one S8 ok again
one S8 none again
one S29 none again
one S29 ok ok
echo "ok S21 nothing but OK was ever OK"

# A question under way when others are asked; each with its own answer.
v_how 18101 wait 0.3 ok
for _ in 1 2 3 4 5 6 7 8; do ask "send $(press) 20000"; done
for _ in 1 2 3 4 5 6 7 8; do ask take; case $REPLY in "ok "*) ;; *) die "S30: $REPLY" ;; esac; done
echo "ok S30 eight questions at once"
v_how 18101 ok
n=$(grep -v ^BAD "$V/18101.log" | awk '{ print $NF }' | sort | uniq -d | wc -l)
[ "$n" = 0 ] || die "S28: $n nonces came twice"
grep -q '^BAD' "$V/18101.log" && die "a request was malformed: $(grep ^BAD "$V/18101.log" | head -1)"
[ "$(grep -v ^BAD "$V/18101.log" | awk '{ print length($NF) }' | sort -u)" = 40 ] || die "S28: short nonces"
echo "ok S28 a nonce of 40 digits for each of $(v_asked 18101) questions, none twice"

# No more than it can do: the 129th question at once is refused, the others are answered.
v_how 18101 hang
# All of them are to be open at once: pressed before, and with time to spare.
mapfile -t flood < <(for _ in $(seq 140); do press; done)
for otp in "${flood[@]}"; do ask "send $otp 10000"; done
for _ in $(seq 140); do
	ask take
	echo "$REPLY" >>"$V/flood"
done
[ "$(grep -c 'too many' "$V/flood")" -ge 12 ] || die "the flood: $(sort "$V/flood" | uniq -c)"
grep -qv ^none "$V/flood" && die "the flood: $(sort "$V/flood" | uniq -c)"
one S15 ok ok
ask kib
[ "$REPLY" -lt 30000 ] || die "the flood left $REPLY KiB"
echo "ok S15 140 questions to a server that hangs: all answered, $REPLY KiB after"

# Malformed messages of the supervisor's end it, but nothing else does.
ask pid
status=$(cat "/proc/$REPLY/status")
uid=$(id -u _sallyport-api)
grep -Eq '^Seccomp:[[:space:]]2$' <<<"$status" && grep -Eq '^CapPrm:[[:space:]]0*$' <<<"$status" &&
	grep -Eq '^NoNewPrivs:[[:space:]]1$' <<<"$status" && grep -Eq "^Uid:([[:space:]]+$uid){4}\$" <<<"$status" ||
	die "its rights: $status"
echo "ok it has its own account, no capability, a filter"
open=$(find "/proc/$REPLY/fd" -mindepth 1 -printf '%l\n' | grep -v -e ^socket: -e ^anon_inode -e ^/dev/null -e ^pipe: -e api.log || true)
[ -z "$open" ] || die "it has open: $open"
echo "ok it has no file open"
stop

# --- several servers (S20) -------------------------------------------------
start "$U" https://127.0.0.1:18102/
two() { # VERDICT FIRST / SECOND
	local verdict=$1 how=$2
	v_how 18101 "${how%% / *}"
	v_how 18102 "${how#* / }"
	expect "$verdict" "S20 $how: $verdict" "${MS:-20000}"
}
two ok "ok / wait 0.3 ok"
two ok "always / hang"
two ok "always / close"
two ok "status REPLAYED_REQUEST / wait 0.3 always"
two ok "status WHATEVER / wait 0.3 always"
two ok "close / wait 0.3 always"
two ok "status BAD_OTP / wait 0.3 always"
two ok "status REPLAYED_OTP / wait 0.3 always"
two ok "status BACKEND_ERROR / wait 0.3 always"
two ok "status NOT_ENOUGH_ANSWERS / wait 0.3 always"
two ok "html / wait 0.3 always"
two ok "wrongkey / wait 0.3 always"
two ok "http 500 / wait 0.3 always"
two ok "hang / wait 0.3 always"
MS=700 two none "hang / close"
two none "status REPLAYED_REQUEST / status REPLAYED_REQUEST"
MS=10000 two bad "status BAD_OTP / hang" # it waits for the other as long as it may
two bad "html / status BAD_OTP"
two replayed "status BAD_OTP / status REPLAYED_OTP"
two none "html / wrongkey"
v_how 18101 hang
v_how 18102 ok
O=$(press)
ask "otp $O 20000"; case $REPLY in "ok "*) ;; *) die "one good: $REPLY" ;; esac
ask "otp $O 10000"; case $REPLY in "replayed "*) ;; *) die "the same OTP again: $REPLY" ;; esac
echo "ok S20 the same OTP a second time: replayed"
stop

# --- TLS (S22) -------------------------------------------------------------
v_authority other
v_cert selfsigned IP:127.0.0.1 30 other
v_cert wronghost DNS:elsewhere.test,IP:127.0.0.2
v_cert expired IP:127.0.0.1 -1
v_cert wildcard 'DNS:*.wild.test'
v_cert onlyname DNS:127.0.0.1
tls() { # PORT CASE VERDICT [NAME]
	v_start "$1" "${4:-server}" || die "server $1 did not start"
	start "https://${HOST:-127.0.0.1}:$1/"
	if [ -n "${HOST:-}" ]; then ask "host $HOST 127.0.0.1"; fi
	expect "$3" "S22 $2" "${MS:-20000}"
	stop
}
tls 18110 "another authority" none selfsigned
tls 18111 "another host's certificate" none wronghost
tls 18112 "an expired certificate" none expired
tls 18113 "a wildcard for an address" none wildcard
tls 18114 "an address as a DNS name" none onlyname
echo anonymous >"$V/18115.tls"
tls 18115 "no certificate at all" none
echo old >"$V/18116.tls"
tls 18116 "TLS 1.1" none
echo none >"$V/18117.tls"
MS=3000 tls 18117 "no TLS" none
HOST=w.wild.test tls 18118 "a wildcard for its name" ok wildcard
HOST=a.b.wild.test tls 18119 "a wildcard for a name below" none wildcard
HOST=validation.test tls 18120 "a name, told its address" ok

start https://validation.test:18101/
expect none "a name without an address is not asked"
case $REPLY in *"no address"*) ;; *) die "$REPLY" ;; esac
ask "host validation.test 127.0.0.1"
v_how 18101 ok
expect ok "and is, once there is one"
ask "host validation.test 127.0.0.9 127.0.0.1"
expect ok "with one that does not answer besides"
stop

# --- the environment (P7) --------------------------------------------------
cat >"$V/trap.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void caught(void) { fclose(fopen("TRAP", "w")); }
C
sed -i "s|TRAP|$V/caught|" "$V/trap.c"
gcc -shared -fPIC -o "$V/trap.so" "$V/trap.c"
printf 'openssl_conf = a\n[a]\nengines = b\n[b]\nc = d\n[d]\ndynamic_path = %s\nengine_id = trap\ninit = 1\n' "$V/trap.so" >"$V/openssl.cnf"
v_authority none
cat >"$V/api.sh" <<SH
#!/bin/bash
export http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1
export ALL_PROXY=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 NO_PROXY= no_proxy=
export CURL_CA_BUNDLE=$V/none.pem SSL_CERT_FILE=$V/none.pem SSL_CERT_DIR=$V
export SSLKEYLOGFILE=$V/keylog OPENSSL_CONF=$V/openssl.cnf OPENSSL_MODULES=$V OPENSSL_ENGINES=$V
export RES_OPTIONS=debug HOSTALIASES=$V/none.pem LOCPATH=$V TZ=:$V/none.pem HOME=$V
export CURL_HOME=$V XDG_CONFIG_HOME=$V BASH_ENV=$V/none ENV=$V/none IFS=x
printf 'insecure\nurl = "file:///etc/passwd"\n' >$V/.curlrc
exec $BUILD/api "\$@"
SH
chmod 755 "$V/api.sh"
API=$V/api.sh start "$U"
expect ok "P7 proxies, authorities, configuration in the environment have no say"
stop
[ ! -e "$V/keylog" ] && [ ! -e "$V/caught" ] || die "P7: $(ls "$V/keylog" "$V/caught")"
echo "ok P7 no key log, no library loaded"
echo "ok all cases of the helper"
