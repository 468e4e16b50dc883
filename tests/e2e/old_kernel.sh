#!/bin/bash
# connect and console on a kernel before 6.16, which cannot bar descriptors from a socket
# of Unix: TCP over loopback stands in for it. All is as shipped, but for the one option
# that the daemon's kernel does not know.
# timeout: 120
# drivers: sallyportd_old
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
GW_SALLYPORTD=$BUILD/tests/sallyportd_old
GW_SSHD='DisableForwarding yes'

gw_backends() {
	local uid
	uid=$(id -u vmhost)
	chown vmhost /run/vms
	mkfifo "$GW/orders"
	python3 -B tests/support/spice_server.py unix:/run/vms/spice --uid "$uid" --channels display,inputs <>"$GW/orders" >"$GW/vm.log" 2>&1 &
	GW_PIDS="${GW_PIDS:-} $!"
	python3 tests/support/backend.py unix /run/vms/serial,/run/vms/raw "$GW/raw.count" "$uid" & GW_PIDS="$GW_PIDS $!"
	setpriv --reuid vmhost --clear-groups socat -t 60 UNIX-LISTEN:/run/vms/sum,fork EXEC:sha256sum 2>/dev/null & GW_PIDS="$GW_PIDS $!"
	gw_wait 60 grep -q ready "$GW/vm.log" && gw_wait 20 test -s "$GW/raw.count" -a -S /run/vms/sum
}
gw_policy() {
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
		[vm webdev]
		serial = unix:/run/vms/serial
		spice = unix:/run/vms/spice
		service.raw = unix:/run/vms/raw
		service.sum = unix:/run/vms/sum
		service.off = unix:/run/vms/nobody
		service.web = tcp:127.0.0.1:20080
	CONF
	gw_grants 'anne webdev spice,serial,raw,sum,off always' 'maggie webdev serial always'
}

gw_start || { fail 'the gateway did not start'; cat "$GW/daemon.log" "$GW/vm.log"; finish; }
for u in anne maggie; do gw_hold $u $u || { fail "$u did not get in: $(cat "$GW/$u.log")"; finish; }; done
run() { gw_over anne x "$@" >"$GW/out" 2>"$GW/err"; RC=$?; }
opened() { gw_wait 20 sh -c "sallyport list channels | grep -q '$1.* open '"; } # RIGHT
ends() { ss -Htnpe state established | grep sallyport-shell; } # its own: it gets it a moment after the channel is open

# --- whose it is, and what it is ------------------------------------------------------
sallyport print firewall >"$GW/rules"
cat >>"$GW/rules" <<NFT
table inet seen {
	chain out {
		type filter hook output priority 0
		oifname lo tcp flags & (syn | ack) == syn meta skuid anne counter
	}
}
NFT
nft -f "$GW/rules" 2>"$GW/err" || echo "      (no nf_tables here: $(head -1 "$GW/err"))"
gw_over anne x connect webdev raw < <(sleep 50) >"$GW/out" 2>"$GW/err" & P=$!
opened raw && gw_wait 20 ends || fail "no channel: $(cat "$GW/err")"
check 'connect: its end is TCP over loopback, and the user'"'s" "127.0.0.1 127.0.0.1 uid:$(id -u anne)" \
	"$(ends | awk '{ print $3, $4 }' | sed 's/:[0-9]*//g') $(ends | grep -o 'uid:[0-9]*')"
nft list table inet seen >"$GW/seen" 2>/dev/null &&
	check '  as a firewall sees it that goes by the owner' '~counter packets 1 ' "$(cat "$GW/seen")"
check '  nobody listens for it any more' '' "$(ss -Hltnp | grep sallyportd | grep -v '127\.90\.')"
sallyport disconnect "$(sallyport list channels | grep raw | grep -o 'ch[0-9]*')" >/dev/null
wait $P; check 'disconnect chN: 75, with words' '75 ~disconnected' "$? ~$(grep -o disconnected "$GW/err")"
gw_logged 15 '"event":"close"' '"right":"raw"' 'disconnected' && pass '  on record' || fail "record: $(gw_log '"right":"raw"')"

# --- bytes ------------------------------------------------------------------------------
run connect webdev raw < <(printf hello)
check 'connect: bytes, half-close, the rest of the answer' '0 HELLOEND 5' "$RC $(tr -d '\n' <"$GW/out")"
check '  not a word besides' '' "$(cat "$GW/err")"
gw_logged 15 '"event":"close"' '"right":"raw"' '"user":"anne"' '"reason":"closed"' '"bytes_up":5' '"bytes_down":11' &&
	pass '  on record, with its bytes' || fail "record: $(gw_log '"right":"raw"')"
check '  one open and one close for each' '2 2' "$(gw_log '"event":"open"' '"right":"raw"' | wc -l) $(gw_log '"event":"close"' '"right":"raw"' | wc -l)"
head -c 5000000 /dev/urandom >"$GW/big"; SUM=$(sha256sum <"$GW/big")
check '5 MB up, and their sum when the end has come' "$SUM" "$(gw_over anne x connect webdev sum <"$GW/big" 2>&1)"
gw_over anne x connect webdev raw <"$GW/big" 2>&1 | sha256sum >"$GW/got"
check '5 MB up and down at once, 8 bits' "$(python3 -c "
import hashlib; d = open('$GW/big', 'rb').read(); print(hashlib.sha256(d.upper() + b'END %d\n' % len(d)).hexdigest())")" "$(cut -d' ' -f1 "$GW/got")"
check 'SPICE by connect: main and others, on one session' '~inputs result 0' "$(timeout 40 python3 -B tests/support/spice.py session "exec:ssh -F none -S $GW/anne.ctl x connect webdev spice" --open display inputs 2>&1)"
run console webdev < <(printf 'a\035\177\r\n\200\377')
check 'console without a terminal: every byte is the VM'"'s" "0 $(printf 'A\035\177\r\n\200\377END 7\n' | od -c)" "$RC $(od -c <"$GW/out")"

# --- refusals -----------------------------------------------------------------------------
run connect webdev web; check 'not granted: 77, nothing on standard output' '77 ' "$RC $(cat "$GW/out")"
check '  in words' '~is not open to you' "$(cat "$GW/err")"
run connect webdev off; check 'nobody listens there: 75' '75 ' "$RC $(cat "$GW/out")"
gw_over anne x connect webdev sum </dev/zero >"$GW/out" 2>"$GW/err" & P=$!
opened sum || fail "no channel: $(cat "$GW/err")"
gw_regrant 'anne webdev serial,raw always' 'maggie webdev serial always'
wait $P; check 'revoked under full load: 77' '77 ' "$? $(cat "$GW/out")"
check '  with words' '~webdev sum: ' "$(cat "$GW/err")"
gw_over anne x connect webdev raw < <(sleep 50) >"$GW/out" 2>"$GW/err" & P=$!
opened raw || fail "no channel: $(cat "$GW/err")"
pkill -KILL -u anne -x sallyport-shell
gw_wait 5 sh -c '! sallyport list channels | grep -q raw' && pass 'its process is killed: the channel ends' || fail "it lives on: $(sallyport list channels)"
wait $P

# --- the console on a terminal --------------------------------------------------------------
PYTHONPATH=tests/support python3 -B - <<'PY' || FAILED=$((FAILED + 1))
import re
from terminal import *

def console(user):
    return Terminal(user, "-S", f"{GW}/{user}.ctl", "-tt", "-e", "none", "--", "console", "webdev")

t = console("anne")
t.expect(r"webdev: its serial line; \^\] leaves"); t.send("hello"); t.expect("HELLO")
check("console on a terminal", True)
m = console("maggie")
check("  another is refused: 75", m.end() == 75, m.exitstatus)
check("  and told whose it is", re.search("the seat is taken: anne has it since", m.rest.replace("\r\n", " ")), m.rest)
t.send("\x1d"); check("  ^] leaves: 0", t.end() == 0, t.exitstatus)
finish()
PY

# --- what TCP cannot carry --------------------------------------------------------------------
cp tests/support/taker.py /tmp/taker.py; chmod 644 /tmp/taker.py
gw_regrant 'anne webdev raw always' 'anne host shell always'
check 'a descriptor that a user passes on to the gate: not taken' 'refused: not taken' "$(gw_over anne x python3 /tmp/taker.py pass webdev raw 2>&1)"
rm -f /tmp/left; (umask 0; : >/tmp/left)
gw_over anne x python3 /tmp/taker.py leave webdev raw /tmp/left >/dev/null 2>&1; gw_wait 12 test -s /tmp/left
check 'its process ends, and leaves the end to another: the channel ends' ended "$(cat /tmp/left)"
gw_release anne; gw_release maggie
finish
