# shellcheck disable=SC2120 # the tests pass arguments
# A whole gateway in the disposable copy, for the end-to-end tests: the real sshd,
# PAM and sallyportd under their real paths. Sourced; needs `make install` before.
#
#   gw_start            users anne, maggie (gated) and fred (not), two VMs with
#                       counting back ends, YubiKeys, daemon, sshd
#   gw_ssh USER ARG…    ssh as USER; the OTP prompt is answered by OTP=
#                       fresh (default), none (empty line), or the text itself
#   gw_press USER       prints the next OTP of USER's key
#   gw_connects VM      how often VM's back end was reached
#   gw_end PID…         ends a gw_ssh that runs in the background
#   gw_hold USER NAME ARG…   ssh as USER, kept open in the background as NAME: its control
#                       socket is $GW/NAME.ctl, what it says $GW/NAME.log
#   gw_over NAME ARG…   one more ssh over the connection NAME; x is the host
#   gw_release NAME     ends it
#   gw_grants LINE…     writes vm_mappings anew; gw_regrant LINE…: and reloads
#   gw_log FILTER…      audit lines that contain all of the given strings
#   gw_stop             ends what was started, by pid

set -u
REPO=$(pwd)
BUILD=${BUILD:-$REPO/build}
GW=$(mktemp -d /tmp/gw.XXXXXX)
AUDIT=/var/log/sallyport/audit.jsonl
FAILED=0
chmod 755 "$GW"

[ -e /run/sallyport-sandbox ] || { echo "runs in the disposable copy only (tools/sandbox run)"; exit 77; }
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
for need in /usr/sbin/sshd /usr/sbin/sallyportd "$BUILD/tests/yk"; do
	[ -x "$need" ] || { echo "$need is missing"; exit 1; }
done

pass() { echo "ok    $*"; }
fail() { echo "FAIL  $*"; FAILED=$((FAILED + 1)); }
# check WHAT EXPECTED GOT: an exact comparison; "~text" as EXPECTED means "contains".
check() {
	case $2 in
	"~"*) case $3 in *"${2#\~}"*) pass "$1"; return ;; esac ;;
	*) if [ "$2" = "$3" ]; then pass "$1"; return; fi ;;
	esac
	fail "$1: expected '$2', got '$3'"
}
finish() { gw_stop; [ "$FAILED" = 0 ] || { echo "$FAILED failed"; exit 1; }; exit 0; }

# Until it succeeds; when the time is over once more, because the machine may have stood
# still for all of it.
gw_wait() { # SECONDS COMMAND…
	local end=$((SECONDS + $1)) is_over=; shift
	until "$@" >/dev/null 2>&1; do
		[ -z "$is_over" ] || return 1
		if [ $SECONDS -le $end ]; then sleep 0.05; else sleep 0.5; is_over=yes; fi
	done
}
# Ends a gw_ssh in the background: it is a shell's child's child, and a signal to the
# shell alone would leave the connection open.
gw_end() { # PID…
	local pid
	for pid in "$@"; do
		pkill -P "$pid"
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}

gw_users() {
	getent group vmusers >/dev/null || groupadd vmusers
	id vmhost >/dev/null 2>&1 || useradd -r -d / -s /usr/sbin/nologin vmhost
	local u
	for u in anne maggie fred; do
		id $u >/dev/null 2>&1 || useradd -m -s /bin/bash $u
		usermod -p '*' $u
		mkdir -p /home/$u/.ssh
		[ -e "$GW/$u.key" ] || ssh-keygen -q -t ed25519 -N '' -f "$GW/$u.key"
		cp "$GW/$u.key.pub" /home/$u/.ssh/authorized_keys
		chown -R $u: /home/$u; chmod 700 /home/$u/.ssh
		# the client side of the test runs as root and as this user
		chmod 600 "$GW/$u.key"
	done
	usermod -aG vmusers anne
	usermod -aG vmusers maggie
	mkdir -p /root/.ssh
	[ -e "$GW/root.key" ] || ssh-keygen -q -t ed25519 -N '' -f "$GW/root.key"
	cp "$GW/root.key.pub" /root/.ssh/authorized_keys
	chmod 700 /root/.ssh
}

# LINE…: sallyport.conf with these and $GW_CONF, and the YubiKeys of anne and maggie;
# vms.conf and vm_mappings may then be written.
gw_conf() {
	mkdir -p /etc/sallyport /run/vms
	printf '%s\n' '[sallyport]' 'gated = @vmusers' 'backend_uid = vmhost' "$@" "${GW_CONF:-}" >/etc/sallyport/sallyport.conf
	touch /etc/sallyport/vms.conf /etc/sallyport/vm_mappings
	gw_yubikeys anne maggie
	chmod 644 /etc/sallyport/*.conf /etc/sallyport/*_mappings
}
gw_yubikeys() { # USER…: yubikey_mappings has their keys
	local u
	for u in "$@"; do echo "$u:$(cat "$GW/$u.id")"; done >/etc/sallyport/yubikey_mappings
}
gw_grants() { printf '%s\n' "$@" >/etc/sallyport/vm_mappings; } # LINE…: vm_mappings has these
gw_regrant() { # LINE…: the same, and the daemon goes by them; sets $GW/reload, its words
	gw_grants "$@"
	gw_reload >"$GW/reload" 2>&1 || fail "reload: $(cat "$GW/reload")"
}

gw_passwd() { # FILE: the accounts from there; at no moment is one missing
	cp -p /etc/passwd /etc/passwd.new && cat "$1" >/etc/passwd.new && mv /etc/passwd.new /etc/passwd
}

# SECONDS: sets WINDOW, a time of today that ends at a full minute, and END, when that is,
# with more than SECONDS left; waits for a new minute where this one has fewer.
gw_window() {
	local left=$((60 - 10#$(date +%S)))
	[ $left -gt "$1" ] || sleep $left
	END=$((($(date +%s) / 60 + 1) * 60))
	WINDOW="$(LC_ALL=C date -d @$((END - 1)) +%a) 00:00-$(date -d @$END +%H:%M)"
	WINDOW=${WINDOW/%-00:00/-24:00}
}

gw_policy() { # the files; a test may have its own, or rewrite them and call gw_reload
	gw_conf
	cat >/etc/sallyport/vms.conf <<-CONF
	[vm books]
	title = the books
	spice = unix:/run/vms/books.spice
	service.ssh = unix:/run/vms/books.ssh

	[vm webdev]
	title = web server for development
	spice = unix:/run/vms/webdev.spice
	service.ssh = tcp:127.0.0.1:20022
	service.raw = unix:/run/vms/webdev.raw
	CONF
	gw_grants '# who   VM      may            when' \
		'anne     webdev  spice,ssh,raw  always' 'maggie   books   spice,ssh      always'
}

gw_keys() {
	local u
	"$BUILD/tests/yk" new "$GW/anne.yk" >"$GW/anne.csv"
	"$BUILD/tests/yk" new "$GW/maggie.yk" ${GW_PUBLIC:+--public "$GW_PUBLIC"} >"$GW/maggie.csv"
	for u in anne maggie; do
		cut -d, -f2 <"$GW/$u.csv" >"$GW/$u.id"
	done
}
gw_import() { cat "$GW/anne.csv" "$GW/maggie.csv" >"$GW/all.csv"; sallyport key import --yes "$GW/all.csv"; }
gw_press() { "$BUILD/tests/yk" press "$GW/$1.yk"; }

# The daemon under a loop that starts it again, as systemd would.
gw_daemon() {
	(
		trap 'kill $! 2>/dev/null; wait $! 2>/dev/null; exit 0' TERM
		while :; do
			"${GW_SALLYPORTD:-/usr/sbin/sallyportd}" ${GW_DEBUG:+--debug} >>"$GW/daemon.log" 2>&1 &
			child=$!
			echo $child >"$GW/daemon.pid"
			wait $child
			[ -e "$GW/no-restart" ] && exit 0
			sleep 0.2
		done
	) &
	GW_LOOP=$!
	# shellcheck disable=SC2086 # words of a command
	gw_wait "${GW_UP:-20}" ${GW_UP_BY:-sallyport status} || { echo "the daemon did not come up:"; cat "$GW/daemon.log"; sallyport status; return 1; }
}
gw_daemon_stop() { touch "$GW/no-restart"; kill "$GW_LOOP" 2>/dev/null; wait "$GW_LOOP" 2>/dev/null; rm -f "$GW/no-restart"; GW_LOOP=; }
gw_is_another() { # PID: another daemon than PID answers
	[ "$(cat "$GW/daemon.pid")" != "$1" ] && sallyport show
}
gw_restart() { # by the loop
	local pid
	pid=$(cat "$GW/daemon.pid")
	kill "$pid"
	gw_wait 20 gw_is_another "$pid" || fail "the daemon did not come back"
}
gw_reload() { sallyport reload "$@"; }

gw_sshd() {
	mkdir -p /run/sshd /etc/ssh
	ssh-keygen -A >/dev/null
	cp "$REPO/conf/pam-sshd.example" /etc/pam.d/sshd
	{
		cat <<-CONF
		ListenAddress 127.0.0.1
		Port 22
		UsePAM yes
		PasswordAuthentication no
		KbdInteractiveAuthentication yes
		PermitRootLogin prohibit-password
		LogLevel VERBOSE
		LoginGraceTime ${GW_GRACE:-60}
		Subsystem sftp internal-sftp
		${GW_SSHD:-}
		CONF
		sallyport print sshd
	} >/etc/ssh/sshd_config
	/usr/sbin/sshd -t || return 1
	# shellcheck disable=SC2086 # words
	${GW_SSHD_BY:-} /usr/sbin/sshd -D -E "$GW/sshd.log" &
	GW_SSHD_PID=$!
	gw_wait 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'
}
gw_sshd_reload() { # by its configuration as it is now: it listens anew, then writes its pid
	rm -f /run/sshd.pid
	kill -HUP "$GW_SSHD_PID"
	gw_wait 20 test -s /run/sshd.pid || fail "sshd did not come back"
}

gw_backends() {
	local uid
	uid=$(id -u vmhost)
	chown vmhost /run/vms
	python3 "$REPO/tests/support/backend.py" unix /run/vms/books.spice,/run/vms/books.ssh "$GW/books.count" "$uid" & GW_PIDS="${GW_PIDS:-} $!"
	python3 "$REPO/tests/support/backend.py" unix /run/vms/webdev.spice,/run/vms/webdev.raw "$GW/webdev.count" "$uid" & GW_PIDS="$GW_PIDS $!"
	python3 "$REPO/tests/support/backend.py" tcp 127.0.0.1 20022 "$GW/ssh.count" "$uid" & GW_PIDS="$GW_PIDS $!"
	gw_wait 60 test -s "$GW/books.count" -a -s "$GW/webdev.count" -a -s "$GW/ssh.count"
}
gw_connects() { cat "$GW/$1.count"; }

gw_hosts() { sallyport print hosts >>/etc/hosts; }

gw_start() {
	gw_users; gw_keys; gw_policy
	gw_backends && gw_daemon && gw_import >/dev/null && gw_hosts && gw_sshd
}

cat >"$GW/askpass" <<'ASK'
#!/bin/sh
echo "$1" >>"$GW_ASKED"
case $1 in *ubi?ey*) cat "$GW_OTP" ;; *) echo ;; esac
ASK
chmod 755 "$GW/askpass"

# gw_ssh USER [options] [-- command]
gw_ssh() {
	local user=$1 words=(); shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do words+=("$1"); shift; done
	[ $# -gt 0 ] && shift
	case ${OTP:-fresh} in
	fresh) gw_press "$user" >"$GW/otp.$user" ;;
	none) echo >"$GW/otp.$user" ;;
	*) echo "$OTP" >"$GW/otp.$user" ;;
	esac
	GW_OTP="$GW/otp.$user" GW_ASKED="$GW/asked" SSH_ASKPASS="$GW/askpass" SSH_ASKPASS_REQUIRE=force \
		timeout "${GW_TIMEOUT:-30}" ssh -F none -i "$GW/$user.key" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=${GW_LEVEL:-ERROR} \
		-o NumberOfPasswordPrompts=1 "${words[@]}" "$user@127.0.0.1" "$@"
}
# One -W talk: prints the back end's words. gw_talk USER TARGET [ssh options…]
gw_talk() {
	local user=$1 target=$2; shift 2
	printf hello | gw_ssh "$user" "$@" -W "$target" 2>"$GW/err" | tr '\n' ' ' | sed 's/ $//'
}

# The same by a forwarded Unix socket (ssh -W knows none before OpenSSH 9.4).
gw_talk_unix() {
	local user=$1 target=$2 pid; shift 2
	rm -f "$GW/talk.sock"
	gw_ssh "$user" "$@" -N -L "$GW/talk.sock:$target" >/dev/null 2>"$GW/err" & pid=$!
	until [ -S "$GW/talk.sock" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
	[ -S "$GW/talk.sock" ] && python3 "$REPO/tests/support/peer.py" talk unix "$GW/talk.sock"
	gw_end $pid
}

gw_hold() { # USER NAME ARG…
	local user=$1 name=$2
	shift 2
	GW_TIMEOUT=${GW_TIMEOUT:-600} gw_ssh "$user" -N -M -S "$GW/$name.ctl" "$@" >"$GW/$name.log" 2>&1 </dev/null &
	echo $! >"$GW/$name.hold"
	GW_PIDS="${GW_PIDS:-} $!"
	gw_wait 60 ssh -F none -S "$GW/$name.ctl" -O check x
}
gw_over() { # NAME ARG…
	local name=$1
	shift
	timeout "${GW_TIMEOUT:-120}" ssh -F none -o LogLevel=ERROR -S "$GW/$name.ctl" "$@"
}
gw_release() { # NAME
	ssh -F none -S "$GW/$1.ctl" -O exit x 2>/dev/null || true
	wait "$(cat "$GW/$1.hold")" 2>/dev/null || true
}

# A channel of anne's that stays, its first answer has come: sets SSH, HELD, M, U.
gw_channel() {
	[ -p "$GW/fifo" ] || { mkfifo "$GW/fifo"; exec 7<>"$GW/fifo"; } # an input that stays open
	rm -f "$GW/l.sock" "$GW/held"
	GW_TIMEOUT=60 gw_ssh anne -N -L "$GW/l.sock:/run/sallyport/vm/webdev/ssh" 2>"$GW/err" & SSH=$!
	gw_wait 20 test -S "$GW/l.sock" || { fail "no connection"; return; }
	echo hello >&7
	timeout 60 socat - "UNIX:$GW/l.sock" <&7 >"$GW/held" 2>/dev/null & HELD=$!
	gw_wait 15 grep -q HELLO "$GW/held" || fail "no channel"
	M=$(pgrep -n -P "$GW_SSHD_PID" -f "sshd: anne \[priv\]"); U=$(pgrep -P "$M" -U anne | head -1)
}
gw_clock() { START=$(date +%s%N); }
gw_gone() { # WHAT: connection and U are gone within 2 s of gw_clock
	local ms
	# What is found gone was gone when it was asked for; the answers take their time.
	while ms=$(( ($(date +%s%N) - START) / 1000000 )); [ -e "/proc/$U" ] || sallyport list connections | grep -qw anne; do
		[ $ms -lt 8000 ] || break
		sleep 0.05
	done
	if [ $ms -le 2000 ]; then pass "$1: gone after $ms ms"; else fail "$1: gone after $ms ms only"; fi
	wait $SSH $HELD 2>/dev/null
}

as() { local u=$1; shift; setpriv --reuid "$u" --regid "$u" --init-groups "$@"; } # USER COMMAND…

gw_own_sshd() { # an sshd that anne could start herself: $GW/own.conf
	cat >"$GW/own.conf" <<-CONF
		HostKey $GW/own.host
		UsePAM no
		PidFile none
		Port 22420
		ListenAddress 127.0.0.1
		AuthorizedKeysFile $GW/anne.key.pub
		StrictModes no
	CONF
	ssh-keygen -q -t ed25519 -N '' -f "$GW/own.host"; chown anne "$GW/own.host"
}

gw_vm_sshd() { # a VM's sshd, vmhost's, at 127.0.0.1:20022; root's key opens it
	usermod -s /bin/sh vmhost # not its home: usermod refuses that while it has processes
	mkdir -m 700 "$GW/vm"
	ssh-keygen -q -t ed25519 -N '' -f "$GW/vm/host"
	cp "$GW/root.key.pub" "$GW/vm/keys"
	cat >"$GW/vm/conf" <<-CONF
		HostKey $GW/vm/host
		Port 20022
		ListenAddress 127.0.0.1
		PidFile none
		UsePAM no
		StrictModes no
		AuthorizedKeysFile $GW/vm/keys
		Subsystem sftp internal-sftp
	CONF
	chown -R vmhost "$GW/vm"
	setpriv --reuid vmhost --regid vmhost --clear-groups /usr/sbin/sshd -D -f "$GW/vm/conf" -E "$GW/vm/log" &
	GW_PIDS="${GW_PIDS:-} $!"
}

gw_log() {
	local lines word
	lines=$(cat $AUDIT)
	for word in "$@"; do lines=$(printf '%s\n' "$lines" | grep -F -- "$word"); done
	printf '%s\n' "$lines"
}
gw_logged() { # SECONDS WORD…: waits for a line with all the words
	local secs=$1; shift
	gw_wait "$secs" gw_has_log "$@"
}
gw_has_log() { [ -n "$(gw_log "$@")" ]; }

gw_stop() {
	local pid
	[ -n "${GW_LOOP:-}" ] && gw_daemon_stop
	for pid in ${GW_SSHD_PID:-} ${GW_PIDS:-}; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$GW"
}
