#!/bin/bash
# What the relay costs, against others in the same run: `make bench-relay`. In a
# disposable copy. Rounds are interleaved, their order is rotated, and each relay is
# started afresh for each round. table.py compares the medians with the limits.
#
# All that takes part (clients, relays, targets; the gateway and sshd, too) runs on one
# processor (processors.sh), with two exceptions. Visits many at once are as they come. And
# through sshd the client's side, ssh and who uses its forward, has another processor, as it
# has where it is another machine, and had where the limits were made. Processors with
# nothing to do wait, and do not halt (stay_awake).
#
#   PARTS="pure idle connection sshd flood"   which (default: all)
#   PEERS="proxyd haproxy nginx socat"   of the first (default: all)
#   ROUNDS=N    of all else (default 11; thrice that of round trips, five times of a mix)
#   PAIRS=N     of sshd, and of visits beside a flush (default 20)
#   FIGURES="bulk up rtt64 rtt1024 mix"   which of the first (default: all)
#   BULK=MS MIX=MS TRIPS=N IDLE=N VISITS=N LINKS=N      how much of each
#   PACE_S=S    for moments in which nobody else takes from the processor (pace.sh)
#   LIMITS=no   shows the figures and compares nothing (for trying the parts)
# shellcheck disable=SC2317,SC2086,SC2119 # parts are called by name; lists of words
set -u
PARTS=${PARTS:-pure idle connection sshd flood}
FIGURES=${FIGURES:-bulk up rtt64 rtt1024 mix}
ROUNDS=${ROUNDS:-11} PAIRS=${PAIRS:-20} BULK=${BULK:-500} MIX=${MIX:-500} TRIPS=${TRIPS:-8000}
IDLE=${IDLE:-9900} VISITS=${VISITS:-600} LINKS=${LINKS:-3000}
BENCH=$BUILD/bench/relay
STATE=$BUILD/bench/state/relay # this script's own: another copy may run another of them
OUT=$(mktemp -d /tmp/bench.XXXXXX)
chmod 755 "$OUT"
W=$OUT/at # where contenders listen
T=$OUT/target.sock
PEERS=${PEERS-"proxyd haproxy nginx socat"}
PROCESS='' PIDS='' ROUND=0
id _sallyport-relay >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-relay
ulimit -n "$(ulimit -Hn)"
# shellcheck source=bench/processors.sh
. bench/processors.sh
# shellcheck source=bench/relay/pace.sh
. bench/relay/pace.sh

tab() { local IFS=$'\t'; echo "$*"; }
wait_for() { # SECONDS COMMAND…
	local end=$((SECONDS + $1)); shift
	until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.02; done
}
listens() { # KIND
	if [ "$1" = UU ]; then [ -S "$W.sock" ]; else ss -ltnH "sport = :$PORT" | grep -q .; fi
}
# KIND's two ends: where a contender listens, for each one's own way of saying it.
PORT=21100
kind() { # UU|TU
	PORT=$((PORT + 1))
	rm -f "$W.sock"
	if [ "$1" = UU ]; then AT=unix:$W.sock; else AT=tcp:127.0.0.1:$PORT; fi
}

# --- contenders: start_NAME KIND leaves PROCESS, to be ended, and PIDS, to be asked -----

start_direct() {
	PROCESS='' PIDS=-
	if [ "$1" = UU ]; then AT=unix:$T; fi
}
start_ours() {
	rm -f "$OUT/gate.in" "$OUT/gate"; mkfifo "$OUT/gate.in"
	"$BUILD/tests/relay_gate" "$BUILD/relay" opaque 0 "$AT" "unix:$T" <"$OUT/gate.in" >"$OUT/gate" 2>&1 &
	PROCESS=$!
	exec 8>"$OUT/gate.in"
	wait_for 60 grep -qs ready "$OUT/gate" || return 1
	PIDS=$(sed -n 's/^relay //p' "$OUT/gate")
}
start_proxyd() {
	local at=127.0.0.1:$PORT
	[ "$1" = TU ] || at=$W.sock
	systemd-socket-activate -l "$at" /lib/systemd/systemd-socket-proxyd --connections-max=100000 "$T" >/dev/null 2>&1 &
	PROCESS=$! PIDS=$!
}
start_haproxy() {
	local at=127.0.0.1:$PORT
	[ "$1" = TU ] || at=unix@$W.sock
	cat >"$OUT/haproxy.cfg" <<-CFG
	global
	    maxconn 9905
	    maxpipes 8
	defaults
	    mode tcp
	    option splice-auto
	    timeout connect 5s
	    timeout client 1h
	    timeout server 1h
	listen bench
	    bind $at backlog 4096
	    server target unix@$T
	CFG
	haproxy -db -f "$OUT/haproxy.cfg" >/dev/null 2>&1 &
	PROCESS=$! PIDS=$!
}
start_nginx() {
	local at=127.0.0.1:$PORT
	[ "$1" = TU ] || at=unix:$W.sock
	cat >"$OUT/nginx.conf" <<-CFG
	load_module /usr/lib/nginx/modules/ngx_stream_module.so;
	user root;
	daemon off;
	pid $OUT/nginx.pid;
	error_log /dev/null;
	worker_processes auto;
	worker_rlimit_nofile $(ulimit -n);
	events { worker_connections 19990; }
	stream {
	    server {
	        listen $at backlog=4096;
	        proxy_pass unix:$T;
	        proxy_buffer_size 64k;
	        proxy_timeout 1h;
	    }
	}
	CFG
	nginx -c "$OUT/nginx.conf" -p "$OUT" >/dev/null 2>&1 &
	PROCESS=$! PIDS=$!
}
start_socat() {
	local at=TCP-LISTEN:$PORT,bind=127.0.0.1,fork,backlog=4096,nodelay
	[ "$1" = TU ] || at=UNIX-LISTEN:$W.sock,fork,backlog=4096
	socat -b 65536 "$at" "UNIX-CONNECT:$T" >/dev/null 2>&1 &
	PROCESS=$! PIDS=$!
}
stop() {
	exec 8>&-
	[ -z "$PROCESS" ] || { kill "$PROCESS"; wait "$PROCESS"; } 2>/dev/null
}

# measure NAME KIND MODE ARG…: with a fresh one; its figures go to rounds.tsv, as of ROUND.
measure() {
	local name=$1 kind=$2 target=unix:$T; shift 2
	kind "$kind"
	[ "$name $kind" != "direct TU" ] || target=$AT
	pace_before
	if ! start_"$name" "$kind" || { [ "$name" != direct ] && ! wait_for 60 listens "$kind"; } ||
		! timeout 120 "$BENCH/load" "$PIDS" "$target" "$AT" "$@" >"$OUT/figures" 2>&1; then
		echo "   $name $kind $*: not measured: $(tail -n 1 "$OUT/figures")" >&2
		stop
		return 1
	fi
	pace_after
	stop
	grep -E "${WANTED:-.}" "$OUT/figures" | noted "$kind" "$name" $ROUND
}
noted() { # KIND NAME ROUND: figures of standard input to rounds.tsv, with the pace they were taken at
	sed "s/^/$1\t$2\t/; s/\$/\t$3\t$PACE/" >>"$OUT/rounds.tsv"
}
rotated() { # N WORD…
	local n=$1; shift
	local all=("$@") i
	for ((i = 0; i < $#; i++)); do echo "${all[(i + n) % $#]}"; done
}

# --- parts -----------------------------------------------------------------------------

# Figure by figure: the machine is for seconds at a time a half slower, for all alike then.
# Short ones, in more rounds: a mix's CPU, and a p99 where nearly a hundredth of the round
# trips has a timer's tick in it, differ by a half from one round to the next.
pure() {
	local n figure times what
	for ((n = 0; n < ROUNDS; n++)); do
		for figure in $FIGURES; do
			case $figure in
			bulk | up) times=1 what="$figure $BULK" ;;
			rtt*) times=3 what="rtt ${figure#rtt} $TRIPS" ;;
			mix) times=5 what="mix $MIX" ;;
			esac
			for ((ROUND = times * n; ROUND < times * (n + 1); ROUND++)); do of_all $what; done
		done
	done
}
of_all() { # MODE ARG…
	local name kind
	for kind in UU TU; do
		for name in $(rotated $ROUND direct ours $PEERS); do measure "$name" $kind "$@"; done
	done
}

# proxyd needs six descriptors for each, nginx and haproxy two.
idle() {
	local name
	for ((ROUND = 0; ROUND < ROUNDS; ROUND++)); do
		for kind in UU TU; do
			for name in $(rotated $ROUND direct ours proxyd haproxy); do
				measure "$name" $kind idle $((IDLE > 3000 && (${#name} == 6) ? 3000 : IDLE)) $TRIPS
			done
		done
	done
}

gateway() { # the whole gateway, once
	[ -z "${GW_UP_NOW:-}" ] || return 0
	local dir
	for dir in lib log; do
		mkdir -p "$STATE/$dir" "/var/$dir/sallyport"
		rm -rf "${STATE:?}/$dir"/*
		mount --bind "$STATE/$dir" "/var/$dir/sallyport"
	done
	chmod 755 "$BUILD/bench/state" "$STATE" "$STATE/lib"; chmod 750 "$STATE/log"
	rm -rf /run/bench-u; mkdir -p /run/bench-u; chmod 777 /run/bench-u
	# shellcheck source=tests/e2e/lib.sh
	. tests/e2e/lib.sh
	export GW_SSHD_BY="env LD_PRELOAD=$BENCH/in_u.so" GW_CONF="max_channels = 4096
opens_per_s = 100000"
	gw_start >"$OUT/gateway.log" 2>&1 || { cat "$OUT/gateway.log" >&2; return 1; }
	sed -i "s|^service.ssh.*|service.ssh = unix:$T|" /etc/sallyport/vms.conf
	sed -i 's/^backend_uid.*/backend_uid = vmhost root/' /etc/sallyport/sallyport.conf
	gw_reload >>"$OUT/gateway.log" 2>&1 || { cat "$OUT/gateway.log" >&2; return 1; }
	GW_UP_NOW=yes
}
ssh_up() { # NAME USER ARG…: a connection that stays
	local name=$1 user=$2; shift 2
	if [ "$user" = root ]; then
		ssh -F none -i "$GW/root.key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
			-c aes128-gcm@openssh.com -N -M -S "$OUT/$name.ctl" "$@" root@127.0.0.1 >"$OUT/$name.log" 2>&1 </dev/null &
	else
		GW_TIMEOUT=900 gw_ssh "$user" -c aes128-gcm@openssh.com -N -M -S "$OUT/$name.ctl" "$@" >"$OUT/$name.log" 2>&1 </dev/null &
	fi
	wait_for 60 ssh -F none -S "$OUT/$name.ctl" -O check 127.0.0.1 2>/dev/null
}
serve() { # as $T, until serve_end
	rm -f "$OUT/serve.in" "$T"; mkfifo "$OUT/serve.in"
	"$BENCH/load" - "unix:$T" "unix:$T" serve <>"$OUT/serve.in" >/dev/null & SERVER=$!
	wait_for 60 test -S "$T"
}
serve_end() { kill "$SERVER"; wait "$SERVER" 2>/dev/null; true; }
ssh_down() { ssh -F none -S "$OUT/$1.ctl" -O exit 127.0.0.1 2>/dev/null; }

# Visits by the sshd process of a gated connection, so that each is a channel: made,
# decided, recorded, connected.
connection() {
	local name kind
	gateway && serve || return 1
	visits_of_ours
	serve_end
	for ((ROUND = 0; ROUND < ROUNDS; ROUND++)); do
		for name in direct proxyd haproxy nginx; do
			for kind in UU TU; do
				on_processors $PIN
				WANTED=p50 measure $name $kind visit "$VISITS" 64
				on_processors $ALL
				WANTED=rate measure $name $kind visit "$VISITS" 64
			done
		done
	done
}
# Each with a flush beside it, and as much work between two flushes as the limit leaves to a
# visit: right behind another flush a disk is still awake, and answers sooner.
visits_of_ours() {
	local r kind quick=0
	for ((r = 0; quick < PAIRS && r < PAIRS * 3 / 2; r++)); do
		PACE_WAS_SLOW=''
		on_processors $PIN
		for kind in UU TU; do
			pace_before
			"$BUILD/bench/login/measure" $((VISITS / 4 + 1)) <<<"$(tab flush - 0 @append "$STATE/appended" 150)" >"$OUT/figures"
			pace_after
			awk '{ print "visit_p50\t" $2 }' "$OUT/figures" | noted $kind flush $r
			visits_in_u $kind 'p50|p99' $r || return 1
		done
		[ -n "$PACE_WAS_SLOW" ] || quick=$((quick + 1))
		[ $r -lt $ROUNDS ] || continue
		on_processors $ALL
		for kind in UU TU; do
			visits_in_u $kind 'rate|failed' $r || return 1
		done
	done
	on_processors $PIN
}
order_u() { # WORD…: what the next connect of a U to that place is to become
	rm -f /run/bench-u/result
	echo "$*" >/run/bench-u/order; chmod 666 /run/bench-u/order
}
visits_in_u() { # KIND FIGURES ROUND
	local poke at=unix:/run/sallyport/vm/webdev/ssh
	[ $1 = UU ] || at=tcp:$(getent hosts webdev | awk '{ print $1; exit }'):2222
	rm -f "$OUT/visit.sock"
	order_u "$at" "$VISITS" 64
	# Read as it comes: what looks again and again takes a third of the one processor.
	mkfifo -m 666 /run/bench-u/result
	if [ $1 = UU ]; then at=${at#*:}; else at=webdev:2222; fi
	ssh_up visit anne -L "$OUT/visit.sock:$at" || return 1
	pace_before
	timeout 60 socat -u "UNIX-CONNECT:$OUT/visit.sock" - </dev/null >/dev/null 2>&1 & poke=$!
	timeout 60 cat /run/bench-u/result >"$OUT/result"
	pace_after
	kill $poke 2>/dev/null; wait $poke 2>/dev/null
	grep -q ^done "$OUT/result" || { echo "no result" >&2; return 1; }
	grep -E "^visit_($2)" "$OUT/result" | noted $1 ours $3
	ssh_down visit
}

# The same forward with the gate, without, and by others behind the same sshd, in turn.
sshd() {
	local r name what relay quick=0 others=()
	gateway && serve || return 1
	ssh_up gated anne -L "$OUT/gated.sock:/run/sallyport/vm/webdev/ssh" || return 1
	ssh_up plain root -L "$OUT/plain.sock:$T" || return 1
	relay=$(pgrep -P "$(cat "$GW/daemon.pid")" -x relay)
	for name in $PEERS; do
		case $name in socat) continue ;; esac
		ssh_up $name root -L "$OUT/$name.sock:$OUT/$name.at.sock" || return 1
		others+=("$name")
	done
	for name in $(pgrep -x ssh); do taskset -acp $OTHER $name >/dev/null; done
	for ((r = 0; quick < PAIRS && r < PAIRS * 3 / 2; r++)); do
		PACE_WAS_SLOW=''
		for name in $(rotated $r gated plain "${others[@]}"); do
			for what in "bulk $BULK" "rtt 64 $((TRIPS / 2))"; do
				through_sshd $name "$what" || echo "   $name $what: $(tail -n 1 "$OUT/figures")" >&2
				stop
			done
		done
		[ -n "$PACE_WAS_SLOW" ] || quick=$((quick + 1))
	done
	for name in gated plain "${others[@]}"; do ssh_down $name; done
	serve_end
}
through_sshd() { # NAME WHAT: one round's
	PROCESS='' PIDS=$relay
	case $1 in
	gated | plain) ;;
	*) W=$OUT/$1.at; kind UU; start_$1 UU && wait_for 60 listens UU || return 1 ;;
	esac
	pace_before
	timeout 60 taskset -c $OTHER "$BENCH/load" "$PIDS" - "unix:$OUT/$1.sock" $2 >"$OUT/figures" 2>&1 || return 1
	pace_after
	noted SSH $1 $r <"$OUT/figures"
}

# One user's own sshd begins a thousand links to a console a second; another's round trips.
flood() {
	local r before began poke place=/run/sallyport/vm/webdev/spice
	gateway || return 1
	ssh_up flooded maggie -L "$OUT/flooded.sock:/run/sallyport/vm/books/ssh" || return 1
	for ((r = 0; r < ROUNDS; r++)); do
		rm -f "$OUT/flood.sock"
		ssh_up flood anne -L "$OUT/flood.sock:$place" || return 1
		trips_of_another quiet $r
		before=$(gw_connects webdev) began=$(date +%s%N)
		order_u "unix:$place" "$LINKS" 1 1000
		timeout 60 socat -u "UNIX-CONNECT:$OUT/flood.sock" - </dev/null >/dev/null 2>&1 & poke=$!
		wait_for 60 test -e /run/bench-u/result || return 1
		trips_of_another flooded $r
		wait_for 60 grep -q ^done /run/bench-u/result || { echo "no result" >&2; return 1; }
		kill $poke 2>/dev/null; wait $poke 2>/dev/null
		tab FLOOD ours links_seen $(($(gw_connects webdev) - before)) >>"$OUT/rounds.tsv"
		tab FLOOD ours seconds $(($(date +%s%N) - began))e-9 >>"$OUT/rounds.tsv"
		sed -n "s/^links/FLOOD\tours\tlinks/p" /run/bench-u/result >>"$OUT/rounds.tsv"
		ssh_down flood
	done
	ssh_down flooded
}
trips_of_another() { # quiet|flooded ROUND
	timeout 60 "$BENCH/load" - "unix:$T" "unix:$OUT/flooded.sock" rtt 64 $((LINKS * 2)) >"$OUT/figures" 2>&1 ||
		{ echo "   $1: $(tail -n 1 "$OUT/figures")" >&2; return; }
	sed "s/^/FLOOD\t$1\t/; s/\$/\t$2/" "$OUT/figures" >>"$OUT/rounds.tsv"
}

: >"$OUT/rounds.tsv"
stay_awake "$OUT"
for part in $PARTS; do
	began=$SECONDS
	on_processors $PIN
	echo "-- $part" >&2
	$part || echo "   $part: not measured" >&2
	echo "   $((SECONDS - began)) s" >&2
done
[ -z "$PACE_BEST" ] || tab PACE quick round_trip "$(pace_most)" >>"$OUT/rounds.tsv"
if [ -n "${KEEP:-}" ]; then cp "$OUT/rounds.tsv" "$KEEP"; fi
python3 bench/relay/table.py "$OUT" "${LIMITS:-yes}" $PARTS
rc=$?
if [ -n "${GW_UP_NOW:-}" ]; then
	gw_stop
	umount /var/lib/sallyport /var/log/sallyport
fi
rm -rf "$OUT"
exit $rc
