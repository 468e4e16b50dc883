#!/bin/bash
# With the right `shell` or `run:NAME` everything is as without us: the same user, in the
# same run, through a sshd that knows nothing of us (another port, Debian's own PAM file,
# and a passwd of its own in which her shell is bash) and through the gate; message by
# message of the SSH protocol, and byte by byte. What differs on purpose is named there.
# timeout: 150
# long: 400 EXACT_MIB=1024
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
MIB=${EXACT_MIB:-64}
PORT=2022
# What a process can be given before anybody logs in, and by PAM, in odd values.
trap '' PWR TTOU
ulimit -n 3210
cat >/etc/security/limits.d/exact.conf <<'LIMITS'
maggie - nofile 2222
maggie soft core 1000
maggie - priority 3
maggie hard nproc 5000
LIMITS
GW_SSHD="AcceptEnv LANG LC_*"
ask_more='session optional pam_umask.so umask=027
session optional pam_env.so conffile=/etc/exact.env'
echo 'EXACT_BY_PAM DEFAULT=1' >/etc/exact.env
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
echo "$ask_more" >>/etc/pam.d/sshd

usermod -aG audio,video,games maggie
touch /home/maggie/.hushlogin # sshd greets nobody whose command is forced
sed -i 's/^\[vm books\]/[host]\nrun.probe = \/usr\/local\/bin\/probe\n\n&/' /etc/sallyport/vms.conf
gw_grants 'maggie host shell,run:probe always'
cat >/usr/local/bin/probe <<'PROBE'
#!/bin/sh
# What a process has from those before it.
p=/proc/$$
tr '\0' '|' <$p/cmdline; echo
grep -E '^(Umask|Uid|Gid|Groups|Threads|Sig[BIC]|Shd|Cap|NoNewPrivs|Seccomp|Speculation|Cpus_allowed_list|Mems_allowed_list)' /proc/self/status
cat $p/limits $p/oom_score_adj $p/coredump_filter $p/cgroup
cat $p/personality $p/timerslack_ns $p/loginuid $p/autogroup 2>&1
ps -o ni=,cls=,rtprio=,tty=,comm= -p $$
set -- $(ps -o pid=,sid=,pgid=,ppid=,tpgid= -p $$)
[ "$1" = "$2" ] && echo leader of a session; [ "$1" = "$3" ] && echo leader of a group
[ "$1" = "$5" ] && echo in the foreground; [ "$5" = -1 ] && echo no terminal
ps -o args= -p "$4" | sed 's/@.*//'
# Not by $(…), whose pipe's other end is still there for a moment.
find $p/fd -type l -printf '%f %l\n'
find $p/fdinfo -type f -printf '%f ' -exec grep flags {} ';'
pwd; umask; ulimit -a; ulimit -Ha
stat -c '%u:%g %a' $p/maps
for ns in user pid net ipc uts cgroup; do readlink $p/ns/$ns; done
sed 's/.*\(keyring\|user\)/\1/; s/: .*//' /proc/keys | sort -u
tty
PROBE
chmod 755 /usr/local/bin/probe

# --- the sshd without us ------------------------------------------------------------
{ sed '/pam_sallyport/d' conf/pam-sshd.example; echo "$ask_more"; } >/etc/pam.d/plain-sshd
ln -sf /usr/sbin/sshd /usr/local/sbin/plain-sshd # PAM's service is its name
sed '/^maggie:/s/:[^:]*$/:\/bin\/bash/' /etc/passwd >"$GW/passwd"
cat >"$GW/plain.conf" <<CONF
ListenAddress 127.0.0.1
Port $PORT
PidFile none
UsePAM yes
PasswordAuthentication no
AuthenticationMethods publickey
LogLevel VERBOSE
Subsystem sftp internal-sftp
AcceptEnv LANG LC_*
CONF
usermod -s /usr/bin/sallyport-shell maggie
gw_reload >"$GW/reload" 2>&1 || { fail "reload: $(cat "$GW/reload")"; finish; }
unshare -m --propagation slave bash -c 'mount --bind "$1" /etc/passwd && exec /usr/local/sbin/plain-sshd -D -f "$2" -E "$3"' \
	- "$GW/passwd" "$GW/plain.conf" "$GW/plain.log" & GW_PIDS="$GW_PIDS $!"
gw_wait 15 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"

# --- large transfers, by OpenSSH's client ----------------------------------------------
stream="head -c $((MIB * 1048576)) /dev/zero | openssl enc -aes-128-ctr -K 0102030405060708090a0b0c0d0e0f10 -iv 0"
stream="$stream 2>/dev/null" # it says that the vector is padded
plainly() {
	ssh -F none -p $PORT -i "$GW/maggie.key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR maggie@127.0.0.1 "$@"
}
GW_TIMEOUT=390 gw_ssh maggie -M -S "$GW/mux" -N & MUX=$!
gw_wait 15 ssh -F none -S "$GW/mux" -O check x
gated() { ssh -F none -S "$GW/mux" x "$@"; }
sum_of() { sha256sum | cut -d' ' -f1; }
large() { # BY COMMAND: its output's and its error's sum, and its exit status
	local out
	out=$(eval "$stream" | { $1 "$2" 2> >(sum_of >"$GW/large"); echo $? >"$GW/rc"; } | sum_of)
	gw_wait 10 test -s "$GW/large"
	echo "$out $(cat "$GW/large" "$GW/rc" | tr '\n' ' ')"
	rm "$GW/large"
}
none=$(sum_of </dev/null); sum=$(eval "$stream" | sum_of); said=$(echo "$sum  -" | sum_of)
for by in plainly gated; do
	check "$by: $MIB MiB in" "$said $none 3 " "$(large $by 'sha256sum; exit 3')"
	check "$by: $MIB MiB in and out at once" "$sum $none 4 " "$(large $by 'cat; exit 4')"
	check "$by: $MIB MiB as error, input unread" "$none $sum 5 " "$(large $by "exec 0<&-; { $stream; } >&2; exit 5")"
done
gw_end $MUX

python3 tests/support/exact.py maggie "$GW/maggie.key" $PORT 22 "$BUILD/tests/yk press $GW/maggie.yk" || FAILED=1

# --- with the prompt in sallyport-shell ---------------------------------------------------
kill "$GW_SSHD_PID"; wait "$GW_SSHD_PID" 2>/dev/null
sed -i 's/^gated = .*/&\notp = shell/' /etc/sallyport/sallyport.conf
gw_restart; gw_sshd || fail "sshd did not come back"
echo "$ask_more" >>/etc/pam.d/sshd
OTP_IN=shell python3 tests/support/exact.py maggie "$GW/maggie.key" $PORT 22 "$BUILD/tests/yk press $GW/maggie.yk" || FAILED=1
finish
