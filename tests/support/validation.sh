# shellcheck shell=bash
# Validation servers for tests. To be sourced; $V is their folder.
#
#   v_start PORT [NAME]      one more server, with NAME's certificate (default: server)
#   v_how PORT WORDS…        how it behaves from now on (validation.py)
#   v_asked PORT             how many requests it got
#   v_sent                   how many OTPs came to any server, and how many to one twice:
#                            not how many requests, of which some may still be on the way
#                            when the first good answer is there
#   v_cert NAME SAN [DAYS]   a certificate by our authority; DAYS may be negative
#   v_stop                   ends all of them
V=$(mktemp -d /tmp/validation.XXXXXX)
V_PIDS=
chmod 755 "$V"

v_authority() { # NAME: a certificate authority
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=test authority $1" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
		-keyout "$V/$1.key" -out "$V/$1.pem" 2>/dev/null
}
v_cert() { # NAME SAN [DAYS] [AUTHORITY]
	local ca=${4:-ca}
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$V/$1.k" -out "$V/$1.csr" 2>/dev/null
	printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$2" >"$V/$1.ext"
	openssl x509 -req -in "$V/$1.csr" -CA "$V/$ca.pem" -CAkey "$V/$ca.key" -CAcreateserial \
		-days "${3:-30}" -extfile "$V/$1.ext" -out "$V/$1.crt" 2>/dev/null
	cat "$V/$1.crt" "$V/$1.k" >"$V/$1.pem"
}
v_start() { # PORT [NAME]
	python3 tests/support/validation.py "$V" "$@" >"$V/$1.out" 2>>"$V/errors" &
	V_PIDS="$V_PIDS $!"
	eval "V_PID_$1=$!"
	for _ in $(seq 1200); do
		grep -q listening "$V/$1.out" && return
		sleep 0.05
	done
	cat "$V/errors"
	return 1
}
v_how() { local port=$1; shift; echo "$*" >"$V/$port.how.new"; mv "$V/$port.how.new" "$V/$port.how"; }
v_asked() { grep -vc '^BAD' "$V/$1.log" 2>/dev/null || true; }
v_sent() {
	local log
	for log in "$V"/*.log; do awk '{ print $(NF - 1) }' "$log"; done 2>/dev/null | sort -u | wc -l
	for log in "$V"/*.log; do awk '{ print $(NF - 1) }' "$log" | sort | uniq -d; done 2>/dev/null | wc -l
}
v_stop() {
	local pid
	for pid in $V_PIDS; do kill "$pid" 2>/dev/null || true; done
	for pid in $V_PIDS; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$V"
}

v_authority ca
v_cert server IP:127.0.0.1,DNS:validation.test,DNS:localhost
openssl rand -base64 20 >"$V/api.key"
chmod 600 "$V/api.key"
