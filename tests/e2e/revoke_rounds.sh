#!/bin/bash
# Revocation, round after round: what ends a connection x what it is used for x what its
# user does with sshd's process. Each must be gone within 2 s, with the processes that it
# had. ROUNDS=50 in the long form; the short one takes each once.
# timeout: 600
# long: 900 ROUNDS=50
. tests/e2e/lib.sh
ROUNDS=${ROUNDS:-12}
gw_policy() {
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
		[vm webdev]
		service.ssh = tcp:127.0.0.1:20022
		serial = unix:/run/vms/webdev.serial
		vnc = unix:/run/vms/vnc

		[vm books]
		service.ssh = unix:/run/vms/books.ssh
		serial = unix:/run/vms/books.serial
		vnc = unix:/run/vms/vnc

		[vm shelf]
		serial = unix:/run/vms/shelf.serial
	CONF
	cat >/etc/sallyport/vm_mappings <<-CONF
		anne webdev ssh,serial,vnc always
		anne host shell always
		maggie books ssh,serial,vnc ${WINDOW:-always}
		maggie shelf serial ${WINDOW:-always}
	CONF
}
gw_start || { fail "the gateway did not start"; finish; }
python3 tests/support/backend.py unix /run/vms/webdev.serial,/run/vms/books.serial,/run/vms/shelf.serial "$GW/serial.count" "$(id -u vmhost)" & GW_PIDS="$GW_PIDS $!"
python3 -B tests/support/rfb_server.py /run/vms/vnc "$(id -u vmhost)" >"$GW/vnc.log" & GW_PIDS="$GW_PIDS $!"
gw_wait 20 test -s "$GW/serial.count" -a -s "$GW/vnc.log" || fail "no consoles"

mkfifo "$GW/fifo"; exec 7<>"$GW/fifo" # an input that stays open
now_ms() { echo $(($(date +%s%N) / 1000000)); }

N=0
connect() { # USER [RIGHT]: a connection with a forward; sets SSH, M, U, and CTL, as the last one may be on its way out
	CTL=$GW/ctl.$((N += 1))
	rm -f "$GW/l.sock" "$GW/held" # what the last round got is not this one's
	gw_ssh "$1" -N -M -S "$CTL" -L "$GW/l.sock:/run/sallyport/vm/webdev/${2:-ssh}" >/dev/null 2>"$GW/err" </dev/null & SSH=$!
	gw_wait 20 test -S "$GW/l.sock" || { fail "no connection: $(cat "$GW/err")"; return 1; }
	M=$(pgrep -n -P "$GW_SSHD_PID" -f "sshd: $1 \[priv\]")
	gw_wait 15 pgrep -P "$M" -U "$1" || fail "no U"
	U=$(pgrep -P "$M" -U "$1" | head -1) # and not what PAM runs as root
}
use_idle() {
	echo hello >&7
	timeout 60 socat - "UNIX:$GW/l.sock" <&7 >"$GW/held" 2>/dev/null & HELD=$!
	gw_wait 15 grep -q HELLO "$GW/held" || fail "no channel"
	WHAT=
}
use_busy() {
	timeout 60 sh -c "yes | socat - 'UNIX:$GW/l.sock' >'$GW/held' 2>/dev/null" & HELD=$!
	gw_wait 15 test -s "$GW/held" || fail "no channel"
	WHAT=
}
use_session() { # a command without a terminal: it hears of nothing
	timeout 60 ssh -F none -S "$CTL" anne@127.0.0.1 'trap "" HUP TERM; echo $$; while :; do sleep 1; done' >"$GW/held" 2>"$GW/err" </dev/null & HELD=$!
	gw_wait 15 test -s "$GW/held" || fail "no session: $(cat "$GW/err")"
	WHAT=$(head -1 "$GW/held")
}
use_serial() { use_idle; } # an endpoint's
use_vnc() {
	timeout 60 sh -c "while echo look; do sleep 0.1; done | python3 -B tests/support/rfb.py socat - 'UNIX:$GW/l.sock' >'$GW/held'" 2>/dev/null & HELD=$!
	gw_wait 30 grep -q looked "$GW/held" || fail "no screen"
	WHAT=
}
by_shell() { # COMMAND…: a serial line on standard input and output
	rm -f "$GW/line"; mkfifo "$GW/line"; exec 8<>"$GW/line"; echo hello >&8
	timeout 60 ssh -F none -S "$CTL" x "$@" <&8 >"$GW/held" 2>"$GW/err" & HELD=$!
	gw_wait 15 grep -q HELLO "$GW/held" || fail "no line: $(cat "$GW/err")"
	WHAT=$(pgrep -n -u anne -x sallyport-shell)
}
use_connect() { by_shell connect webdev serial; }
use_console() { by_shell console webdev; }
u_running() { :; }
u_stopped() { kill -STOP "$U"; }
u_stubborn() { # the user stops it again and again
	setpriv --reuid anne --regid anne --clear-groups nice sh -c "while kill -STOP $U 2>/dev/null; do :; done" & STUBBORN=$!
	sleep 0.1
}
by_lock() { sallyport lock anne round "$1" >"$GW/said"; }
by_disconnect() { sallyport disconnect anne >"$GW/said"; }
by_key_disabled() { sallyport key disable "$(cat "$GW/anne.id")" >"$GW/said"; }
by_key_unmapped() { sed -i '/^anne/d' /etc/sallyport/yubikey_mappings; gw_reload >"$GW/said"; }
by_user_deleted() { cp -p /etc/passwd "$GW/passwd"; sed -i '/^anne:/d' /etc/passwd; : >"$GW/said"; }
by_grant() { sed -i '/^anne/d' /etc/sallyport/vm_mappings; gw_reload >"$GW/said"; }
by_left_group() { gpasswd -d anne vmusers >"$GW/said" 2>&1; }
undo() {
	case $1 in
	lock) sallyport unlock anne >/dev/null ;;
	key_disabled)
		"$BUILD/tests/yk" new "$GW/anne.yk" >"$GW/anne.csv"; cut -d, -f2 <"$GW/anne.csv" >"$GW/anne.id"
		gw_import >/dev/null 2>&1 ;;
	user_deleted) gw_passwd "$GW/passwd" ;;
	left_group) gpasswd -a anne vmusers >/dev/null 2>&1 ;;
	esac
	gw_policy
	gw_reload >/dev/null
}
is_alive() { # [PID]: and not only unreaped, because its parent is stopped
	local stat
	read -r stat 2>/dev/null <"/proc/${1:-none}/stat" || return 1
	case ${stat##*) } in Z*) return 1 ;; esac
}
lives() { # BY USE: is anything left of what must be gone?
	# First what costs nothing: on a busy machine each program that is started adds up.
	is_alive "$WHAT" && return 0
	[ "$1" = grant ] || ! is_alive "$U" || return 0
	sallyport list channels | grep -qw anne && return 0
	case $2 in serial | vnc | connect | console) ! sallyport list seats | grep -qw anne || return 0 ;; esac
	[ "$1" != grant ] && sallyport list connections | grep -qw anne
}
round() { # N
	local causes=(lock disconnect key_disabled key_unmapped user_deleted grant left_group) uses=(idle busy session serial vnc connect console)
	local states=(running stopped stubborn) by use right state start asked ms
	by=${causes[$1 % 7]} use=${uses[($1 + $1 / 7) % 7]} state=${states[($1 + $1 / 7 + $1 / 21) % 3]}
	STUBBORN=
	case $use in serial | vnc) right=$use ;; *) right=ssh ;; esac
	connect anne $right || return
	"use_$use"; "u_$state"
	start=$(now_ms)
	"by_$by" "$1"
	# What is found gone was gone when it was asked for; the answers take their time.
	while asked=$(now_ms); lives $by $use; do
		[ $((asked - start)) -lt 8000 ] || break
		sleep 0.05
	done
	ms=$((asked - start))
	[ -z "$STUBBORN" ] || { kill $STUBBORN 2>/dev/null; wait $STUBBORN 2>/dev/null; }
	[ $ms -gt $WORST ] && WORST=$ms
	if [ $ms -le 2000 ]; then pass "round $1: $by, $use, U $state: gone after $ms ms"; else fail "round $1: $by, $use, U $state: gone after $ms ms only: $(cat "$GW/said"; ps -o pid,ppid,stat,user,args -p "$M,$U"; sallyport list connections; sallyport list channels; tail -n 3 "$GW/daemon.log")"; fi
	kill -CONT "$U" 2>/dev/null; gw_end $SSH $HELD
	undo $by
}

# Windows that end at a full minute, while the rounds go on: a busy channel, and consoles of
# all ways in.
in_window() { # NAME FIRST-LINE COMMAND…: an input that stays open; NAME.end says when it ended
	local name=$1 first=$2 fd
	shift 2
	mkfifo "$GW/$name.in"; exec {fd}<>"$GW/$name.in"; echo "$first" >&$fd
	(timeout 900 "$@" <&$fd >"$GW/$name.out" 2>/dev/null; now_ms >"$GW/$name.end") & WINDOWED="$WINDOWED $!"
}
gw_window 18
gw_policy; gw_reload >/dev/null
words=(); for right in ssh serial vnc; do words+=(-L "$GW/m.$right:/run/sallyport/vm/books/$right"); done
GW_TIMEOUT=900 gw_ssh maggie -N -M -S "$GW/m.ctl" "${words[@]}" >/dev/null 2>&1 </dev/null & MSSH=$!
gw_wait 14 test -S "$GW/m.vnc" || fail "maggie has no connection"
(yes | timeout 900 socat - "UNIX:$GW/m.ssh" 2>/dev/null | { head -c 1 >"$GW/ssh.out"; cat >/dev/null; }; now_ms >"$GW/ssh.end") & WINDOWED=$!
in_window serial hello socat -t0 - "UNIX:$GW/m.serial"
in_window vnc look python3 -B tests/support/rfb.py socat -t0 - "UNIX:$GW/m.vnc"
in_window connect hello ssh -F none -S "$GW/m.ctl" x connect shelf serial
for name in ssh:Y serial:HELLO vnc:looked connect:HELLO; do
	gw_wait 15 grep -q "${name#*:}" "$GW/${name%:*}.out" || fail "maggie has no ${name%:*}"
done

WORST=0
for ((n = 0; n < ROUNDS; n++)); do round "$n"; done
pass "worst of $ROUNDS rounds: $WORST ms"

have_ended() { for name in ssh serial vnc connect; do [ -s "$GW/$name.end" ] || return 1; done; }
while [ "$(date +%s)" -lt $((END + 3)) ] && ! have_ended; do sleep 0.2; done
for name in ssh serial vnc connect; do
	if [ -s "$GW/$name.end" ]; then
		ms=$(($(cat "$GW/$name.end") - END * 1000))
		if [ $ms -ge 0 ] && [ $ms -le 2000 ]; then pass "window end, $name: gone after $ms ms"; else fail "window end, $name: gone after $ms ms"; fi
	else
		fail "window end, $name: it lives on"
	fi
done
are_closed() { [ "$(gw_log '"event":"close"' '"user":"maggie"' 'no grant covers it' | wc -l)" -ge 4 ]; }
gw_wait 15 are_closed && pass "  on record" || fail "  not on record: $(gw_log '"event":"close"' '"user":"maggie"')"
# shellcheck disable=SC2086 # pids
gw_end $MSSH $WINDOWED

# reload says what it ends, and with --dry-run what it would end.
connect anne && use_idle
sed -i '/^anne/d' /etc/sallyport/vm_mappings
check "reload --dry-run names the channel" "~no grant covers it" "$(sallyport reload --dry-run)"
check "  and counts" "~this would end 0 connections, 0 sessions, 1 channel" "$(sallyport reload --dry-run)"
check "  and ends nothing" "~webdev" "$(sallyport list channels)"
check "reload says what it ended" "~ended 0 connections, 0 sessions, 1 channel" "$(sallyport reload)"
gw_wait 2 bash -c '! sallyport list channels | grep -qw anne' && pass "  it is closed" || fail "  it lives on"
gw_end $SSH $HELD
finish
