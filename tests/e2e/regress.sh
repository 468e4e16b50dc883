#!/bin/bash
# OpenSSH's own tests (openssh-tests) of users with the right `shell`: their sshd runs as
# root, with sallyport-shell as forced command and login shell, the real PAM module and
# daemon; the software YubiKey answers each prompt. What they start passes the gate: the
# sessions that are on record are counted for each test, so that none passes for nothing.
# timeout: 150
# long: 2400 REGRESS=all
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
SUITE=/usr/lib/openssh/regress
[ -r $SUITE/test-exec.sh ] || { echo "the package openssh-tests is missing"; exit 77; }

# Two users, each with a key, a copy of the suite and a port: a test mostly waits.
# PermitOpen and the like are the suite's own here; its tests forward to its own ports.
gw_users; gw_keys; gw_policy
gw_grants 'anne host shell always' 'maggie host shell always'
gw_daemon && gw_import >/dev/null || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
cp conf/pam-sshd.example /etc/pam.d/sshd
mkdir -p /run/sshd
printf '%s ALL=(root) NOPASSWD: ALL\n' anne maggie >/etc/sudoers.d/regress # their root for sshd
install -m 755 "$BUILD/tests/yk" "$GW/yk"

prepare() { # USER: the suite in his home, his YubiKey, his ssh
	local home=/home/$1 dir=/home/$1/regress
	usermod -s /usr/bin/sallyport-shell "$1"
	cp -a $SUITE "$dir"
	# Of the environment only names of a list go on (on purpose), the suite's are not
	# among them: it gets three that are.
	sed -i 's/_XXX_TEST_\*/LC_ME*/g; s/_XXX_TEST_A/LC_MESSAGES/g; s/_XXX_TEST_B/LC_MEASUREMENT/g; s/_XXX_TEST/LC_TIME/g' \
		"$dir/test-exec.sh" "$dir/envpass.sh" "$dir/multiplex.sh"
	# broken-pipe names a file that is not there, and so would connect nowhere.
	ln -s ssh_proxy "$dir/ssh_config_config"
	cp "$GW/$1.yk" "$home/yubikey"
	cat >"$home/askpass" <<-ASK
	#!/bin/sh
	case \$1 in *ubi?ey*) exec $GW/yk press $home/yubikey ;; esac
	ASK
	# The suite's ssh asks nobody anything: that it may do here.
	cat >"$home/ssh" <<-SSH
	#!/bin/sh
	SSH_ASKPASS=$home/askpass SSH_ASKPASS_REQUIRE=force
	export SSH_ASKPASS SSH_ASKPASS_REQUIRE
	exec /usr/bin/ssh -o KbdInteractiveAuthentication=yes -o BatchMode=no -o NumberOfPasswordPrompts=1 "\$@"
	SSH
	chmod 755 "$home/askpass" "$home/ssh"
	chown -R "$1:" "$home"
}

GATED="KbdInteractiveAuthentication yes
AuthenticationMethods publickey,keyboard-interactive:pam
ForceCommand exec /usr/bin/sallyport-shell"

sessions() { grep '"event":"session"' $AUDIT | grep '"right":"shell"' | grep -c "\"user\":\"$1\""; }

try() { # USER PORT TEST RUNS: the test passes, in at least so many sessions of ours
	local dir=/home/$1/regress before rc runs took=$SECONDS
	before=$(sessions "$1")
	(cd "$dir" && as "$1" env -i HOME="/home/$1" SHELL=/bin/sh USER="$1" LOGNAME="$1" LC_ALL=C.UTF-8 \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin SUDO="sudo -n" BUILDDIR="$dir" TEST_SHELL=sh \
		TEST_SSH_SSH="/home/$1/ssh" TEST_SSH_SFTPSERVER=/usr/lib/openssh/sftp-server \
		TEST_SSH_PORT="$2" TEST_SSH_IPV6=yes TEST_SSH_ECC=yes TEST_SSH_UNSAFE_PERMISSIONS=1 \
		TEST_SSH_SSHD_CONFOPTS="$GATED" timeout "${TRY_SECONDS:-180}" \
		sh "$dir/test-exec.sh" "$dir" "$dir/$3.sh" </dev/zero >"$GW/$3.log" 2>&1)
	rc=$?
	runs=$(($(sessions "$1") - before))
	took=$((SECONDS - took))
	if [ $rc = 0 ] && [ $runs -ge "$4" ] && ! grep -q SKIPPED "$GW/$3.log"; then
		pass "$3: $runs sessions, $took s"
	else
		fail "$3: exit $rc, $runs sessions of $4, $took s"
		tail -n 15 "$GW/$3.log"
		tail -n 30 "$dir/failed-ssh.log"
	fi
}

lane() { # USER PORT TEST:RUNS…: one after the other
	local user=$1 port=$2 it; shift 2
	FAILED=0
	for it in "$@"; do try "$user" "$port" "${it%:*}" "${it#*:}"; done
	exit $FAILED
}

prepare anne; prepare maggie
if [ "${REGRESS:-}" = all ]; then
	TRY_SECONDS=1500
	lane anne 4242 transfer:8 forwarding:7 dynamic-forward:16 multiplex:29 agent:23 & A=$!
	lane maggie 4342 channel-timeout:7 connection-timeout:1 rekey:96 & B=$!
else
	lane anne 4242 connect:2 proxy-connect:3 exit-status:10 broken-pipe:4 & A=$!
	lane maggie 4342 stderr-data:4 connect-uri:2 exit-status-signal:1 stderr-after-eof:1 banner:8 envpass:9 yes-head:1 & B=$!
fi
wait $A || FAILED=1
wait $B || FAILED=$((FAILED + 1))
finish
