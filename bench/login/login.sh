#!/bin/bash
# What a login costs, against others in the same run: `make bench-login`. In a
# disposable copy. Each part writes its figures to $OUT, table.py compares them with
# the limits; a part that could not run counts as a limit that was missed.
#
#   ROUNDS=N   of each interleaved series, a fifth of it around reloads (default 50)
#   SECONDS_OF_LOAD=N, KEYS=N   default 5, 1000000
#   PIN=N|no   the processor on which a shell begins (processors.sh)
#   LIMITS=no  shows the figures and compares nothing (for trying the parts)
set -u
ROUNDS=${ROUNDS:-50} KEYS=${KEYS:-1000000} LOAD=${SECONDS_OF_LOAD:-5}
BLOCKS=5 # rounds between which the daemon is changed
BENCH=$BUILD/bench/login
OUT=$(mktemp -d /tmp/bench.XXXXXX)

# State where it is in life: on the disk, not on the copy's memory; in a folder of this
# script's own, because another copy may run another of them.
STATE=$BUILD/bench/state/login
for dir in lib log; do
	rm -rf "${STATE:?}/$dir"
	mkdir -p "$STATE/$dir" "/var/$dir/sallyport"
	mount --bind "$STATE/$dir" "/var/$dir/sallyport"
done
chmod 755 "$BUILD/bench/state" "$STATE" "$STATE/lib"; chmod 750 "$STATE/log"
FLUSHED=/var/lib/sallyport/flushed
# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh
# shellcheck source=bench/processors.sh
. bench/processors.sh
# shellcheck source=tests/support/validation.sh
. tests/support/validation.sh
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="services = bench-sallyport
api_url = https://127.0.0.1:8443/wsapi/2.0/verify
api_id = 1
api_ca = /etc/sallyport/api-ca.pem"
gw_import() { # anne's key is known here, maggie's to the server alone
	sallyport key import --yes "$GW/anne.csv" && sallyport key api "$(cat "$GW/maggie.id")"
}

part() { # NAME FUNCTION: says what it does, and goes on when it fails
	local began=$SECONDS
	tab load "$(cut -d' ' -f1 /proc/loadavg)" >>"$OUT/load_average.tsv"
	echo "-- $1" >&2
	"$2" >"$OUT/$2.log" 2>&1 || { echo "   not measured:" >&2; tail -n 3 "$OUT/$2.log" | sed 's/^/   /' >&2; rm -f "$OUT/$2.tsv"; }
	echo "   $((SECONDS - began)) s" >&2
}
series() { # OUTPUT ROUNDS, cases on standard input: name input exit command…, by tabs
	"$BENCH/measure" "$2" >"$OUT/$1.tsv"
}
otps() { # USER N: as many fresh OTPs, in a file
	local i
	for ((i = 0; i < $2; i++)); do gw_press "$1"; done >"$GW/$1.otps"
	echo "$GW/$1.otps"
}
tab() { local IFS=$'\t'; echo "$*"; }
pids() { local p; p=$(cat "$GW/daemon.pid"); echo "$p $(pgrep -P "$p" | tr '\n' ' ')"; }
pss_kb() { # of all
	local p
	for p in $(pids); do cat "/proc/$p/smaps_rollup"; done | awk '/^Pss:/ { s += $2 } END { print s }'
}

# --- peers ---------------------------------------------------------------------

pam_services() {
	echo 'auth required pam_permit.so' >/etc/pam.d/bench-permit
	echo 'auth required pam_sallyport.so group=vmusers' >/etc/pam.d/bench-sallyport
	cp /etc/sallyport/yubikey_mappings "$GW/yubico.map"
	echo "auth required pam_yubico.so id=1 key=$(cat "$V/api.key") urllist=https://localhost:8443/wsapi/2.0/verify authfile=$GW/yubico.map cainfo=$V/ca.pem" \
		>/etc/pam.d/bench-yubico
}

# --- parts ---------------------------------------------------------------------

# Nobody has done anything yet but start.
idle() { printf 'idle\t%s\n' "$(pss_kb)" >"$OUT/idle.tsv"; }

pam() {
	local T=/usr/bin/pamtester
	series pam "$ROUNDS" <<-CASES
	$(tab flush - 0 @flush $FLUSHED)
	$(tab permit - 0 $T bench-permit anne authenticate)
	$(tab local "$(otps anne "$ROUNDS")" 0 $T bench-sallyport anne authenticate)
	$(tab refused - 1 $T bench-sallyport nokey authenticate)
	CASES
}

# Few: each takes a quarter of a second.
yubico() {
	local n=$((ROUNDS < 10 ? ROUNDS : 10))
	series yubico $n <<-CASES
	$(tab yubico "$(otps maggie $n)" 0 /usr/bin/pamtester bench-yubico maggie authenticate)
	CASES
}

# The validation service behind the daemon.
api() {
	# Before anything else, with OTPs that nobody has seen.
	"$BENCH/validation" ask "$V" 8443 <"$(otps maggie "$ROUNDS")" >"$OUT/server.tsv" || return 1
	series api "$ROUNDS" <<-CASES
	$(tab flush - 0 @flush $FLUSHED)
	$(tab permit - 0 /usr/bin/pamtester bench-permit maggie authenticate)
	$(tab api "$(otps maggie "$ROUNDS")" 0 /usr/bin/pamtester bench-sallyport maggie authenticate)
	CASES
}

# An endpoint's refusal: from connect to the end of the connection.
endpoint() {
	local n=$((ROUNDS * 2))
	python3 - "$n" /run/sallyport/vm/webdev/ssh >"$OUT/endpoint.tsv" <<-'PY'
	import socket, statistics, sys, time
	times = []
	for _ in range(int(sys.argv[1])):
	    began = time.perf_counter()
	    with socket.socket(socket.AF_UNIX) as s:
	        s.connect(sys.argv[2])
	        assert s.recv(1) == b""
	    times.append((time.perf_counter() - began) * 1e6)
	print("endpoint\t%.0f" % statistics.median(times))
	PY
}

# Flushes of a login, by process and file; strace makes it slow, so it is a run of its
# own.
count_flushes() { # USER OUTPUT
	local n=10 tracers=() p
	rm -f "$OUT"/strace.*
	for p in $(pids); do
		strace -f -y -e trace=fsync,fdatasync,sync_file_range,msync,sync,syncfs -o "$OUT/strace.$p" -p "$p" & tracers+=($!)
	done
	sleep 1
	while read -r otp; do
		pamtester bench-sallyport "$1" authenticate <<<"$otp" || return 1
	done <"$(otps "$1" $n)"
	sleep 0.5
	kill "${tracers[@]}"; wait "${tracers[@]}"
	sed -n 's/^[0-9]* *\([a-z]*\)([0-9]*<\([^>]*\)>.*/\1 \2/p' "$OUT"/strace.* | sort | uniq -c |
		awk -v n=$n '{ printf "%s\t%s %s\n", $1 / n, $2, $3; sum += $1 } END { printf "%s\tall\n", sum / n }' >"$OUT/$2.tsv"
	grep -q . "$OUT/$2.tsv"
}
flushes() { count_flushes anne flushes; }
api_flushes() { count_flushes maggie api_flushes; }

# One mapped key against a million: logins in blocks around reloads.
mapped() {
	local n=$((ROUNDS / BLOCKS > 0 ? ROUNDS / BLOCKS : 1)) block big="$GW/big" one="$GW/one" began
	cp /etc/sallyport/yubikey_mappings "$one"
	python3 - "$KEYS" >"$big" <<-'PY'
	import sys
	hexes = str.maketrans("0123456789abcdef", "cbdefghijklnrtuv")
	for i in range(int(sys.argv[1])):
	    print("user%07d:vv%s" % (i, ("%010x" % i).translate(hexes)))
	PY
	cat "$one" >>"$big"
	: >"$OUT/load.tsv"
	for ((block = 0; block < BLOCKS; block++)); do
		for which in one big; do
			cp "$GW/$which" /etc/sallyport/yubikey_mappings
			began=${EPOCHREALTIME/./}
			gw_reload || return 1
			printf '%s\t%s\t%s\n' "load_$which" $((${EPOCHREALTIME/./} - began)) "$(pss_kb)" >>"$OUT/load.tsv"
			series "mapped_$which.$block" $n <<-CASES
			$(tab "$which" "$(otps anne $n)" 0 /usr/bin/pamtester bench-sallyport anne authenticate)
			CASES
		done
	done
	cat "$OUT"/mapped_*.*.tsv >"$OUT/mapped.tsv"
	cp "$one" /etc/sallyport/yubikey_mappings; gw_reload
}

# From the forced command to the user's, inside a connection of his.
shell() {
	local rounds=$((ROUNDS * 4)) is_done
	cp /etc/sallyport/vm_mappings "$GW/mappings"
	echo 'anne host shell always' >>/etc/sallyport/vm_mappings
	gw_reload || return 1
	# A file of his on the log's disk: the flush of a line, in the same weather.
	install -m 666 /dev/null "$STATE/appended"
	{
		tab sh - 0 /bin/sh -c "exec $BENCH/measure stamp"
		tab append - 0 @append "$STATE/appended"
		tab shell - 0 /usr/bin/sallyport-shell -c "exec $BENCH/measure stamp"
	} >"$GW/shell.cases"
	chmod 644 "$GW/shell.cases"
	on_processors "$PIN"
	# With pauses, in which the end of the session before is dealt with; short ones: the others
	# are measured with their pages in the cache, too.
	GW_TIMEOUT=120 gw_ssh anne -- "exec '$BENCH/measure' $rounds 3 parent <'$GW/shell.cases'" >"$OUT/shell.tsv"
	is_done=$?
	on_processors "$ALL"
	[ $is_done = 0 ] || return 1
	# Each was one that passed: a refusal is faster.
	[ "$(gw_log '"event":"session"' '"right":"shell"' '"verdict":"allow"' | wc -l)" -gt $rounds ] || { rm "$OUT/shell.tsv"; return 1; }
	cp "$GW/mappings" /etc/sallyport/vm_mappings; gw_reload
}

duo() {
	mkdir -p /etc/duo
	printf '[duo]\nikey = DIXXXXXXXXXXXXXXXXXX\nskey = %040d\nhost = api-xxxxxxxx.example.com\ngroups = nosuchgroup\n' 0 >/etc/duo/login_duo.conf
	chown sshd /etc/duo/login_duo.conf; chmod 600 /etc/duo/login_duo.conf
	taskset -c "$PIN" setpriv --reuid anne --regid anne --init-groups --reset-env "$BENCH/measure" $((ROUNDS * 4)) >"$OUT/duo.tsv" <<-CASES
	$(tab sh - 0 /bin/sh -c "exec $BENCH/measure stamp")
	$(tab duo - 0 /usr/sbin/login_duo "exec $BENCH/measure stamp")
	CASES
}

# OTPs a second where a flush takes a millisecond: the helpers are started anew with
# the slow flush in them.
rate() {
	local clients=64 use=1 i before
	for ((i = 0; i < clients; i++)); do echo "load$i:x:$((30000 + i)):$(getent group vmusers | cut -d: -f3)::/:/bin/sh"; done >>/etc/passwd
	"$BENCH/otp_load" keys $clients >"$GW/load.csv"
	"$BENCH/otp_load" mapping $clients >>/etc/sallyport/yubikey_mappings
	sallyport key import --yes "$GW/load.csv" && gw_reload || return 1
	echo "$BENCH/slow_flush.so" >/etc/ld.so.preload
	before=$(cat "$GW/daemon.pid")
	kill -9 "$before"
	gw_wait 60 bash -c "[ \"\$(cat '$GW/daemon.pid')\" != $before ] && sallyport status | grep -q 'can be verified'" || return 1
	rm -f /etc/ld.so.preload
	for ((i = 0; i < BLOCKS; i++)); do
		use=$((use + 1))
		"$BENCH/otp_load" run $clients $use $((LOAD > BLOCKS ? LOAD / BLOCKS : 1)) bench-sallyport || return 1
	done | awk '{ printf "rate\t%.0f\n", $1 / $3 }' >"$OUT/rate.tsv"
	[ "$(wc -l <"$OUT/rate.tsv")" = $BLOCKS ]
}

# Not the tests' server, which answers slowly: that would be measured as ours.
"$BENCH/validation" serve "$V" 8443 >"$V/8443.out" &
# shellcheck disable=SC2034 # validation.sh ends it
V_PIDS=$!
gw_wait 60 grep -q listening "$V/8443.out" || exit 1
mkdir -p /etc/sallyport
install -m 600 "$V/api.key" /etc/sallyport/api.key
install -m 644 "$V/ca.pem" /etc/sallyport/api-ca.pem
gw_start >/dev/null || exit 1
useradd -M -G vmusers nokey
usermod -s /bin/sh anne # which sallyport-shell and login_duo execute, too
pam_services || exit 1
sleep 1
part 'all processes, idle' idle
part "PAM: pam_permit, pam_sallyport ($ROUNDS rounds)" pam
part 'PAM: pam_yubico' yubico
part 'a validation service behind the daemon' api
part 'flushes of a login' flushes
part 'flushes of a login by a validation service' api_flushes
part 'a refusal at an endpoint' endpoint
part 'login_duo and a shell' duo
part 'sallyport-shell' shell
part "$KEYS mapped keys" mapped
part 'OTPs a second, a flush of 1 ms' rate
cp "$OUT"/*.tsv "$STATE/" 2>/dev/null
python3 bench/login/table.py "$OUT" "${LIMITS:-yes}"
rc=$?
v_stop
gw_stop
umount /var/lib/sallyport /var/log/sallyport
rm -rf "$OUT"
exit $rc
