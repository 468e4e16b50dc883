#!/bin/bash
# print sshd, judged by the real sshd: what it takes each user's configuration for,
# and a login with it. Also print pam, print hosts and check on the same files.
# timeout: 120
set -eu
BUILD=${BUILD:-build}
[ -x /usr/sbin/sshd ] || { echo "skipped: no sshd here"; exit 77; }
cli=$BUILD/sallyport
etc=/etc/sallyport
security=/usr/lib/$(gcc -print-multiarch)/security
fail() { echo "FAILED: $*"; exit 1; }

# Users, sshd and PAM of its own, gone when it ends: other tests use the same copy.
[ -e /run/sallyport-sandbox ] || { echo "skipped: runs in the disposable copy only"; exit 77; }
[ "${PRINT_SSHD_ALONE:-}" ] ||
	PRINT_SSHD_ALONE=yes exec unshare -m -n -p -f --kill-child --propagation private bash "$0"
mount -t proc proc /proc
mount -t tmpfs -o mode=1777 own-tmp /tmp
for dir in /etc "$security"; do
	mkdir -p "/tmp/own$dir"
	cp -a "$dir/." "/tmp/own$dir"
	mount --bind "/tmp/own$dir" "$dir"
done
cp /usr/sbin/nologin /tmp/shell
touch /usr/bin/sallyport-shell
mount --bind /tmp/shell /usr/bin/sallyport-shell
for dir in /home /run /var/lib/sallyport; do
	mkdir -p "$dir"
	mount -t tmpfs -o mode=755 own "$dir"
done
ip link set lo up
rm -rf $etc /etc/ssh/sshd_config.d/*
cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config
cat >/etc/pam.d/sshd <<'PAM'
@include common-auth
account    required     pam_nologin.so
@include common-account
session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so close
session    required     pam_loginuid.so
@include common-session
session    required     pam_env.so user_readenv=1 envfile=/etc/default/locale
@include common-password
PAM
for user in anne maggie wanda paul unmapped outsider admin 'CORP\bob'; do
	userdel "$user" 2>/dev/null || true
done
for group in vmusers wikifolk primaries; do groupdel $group 2>/dev/null || true; done

groupadd vmusers
groupadd wikifolk
groupadd primaries
useradd -m -G vmusers anne
useradd -m -G vmusers maggie
useradd -m -G vmusers,wikifolk wanda
useradd -m -g primaries -G vmusers paul
useradd -m -G vmusers unmapped
useradd -m outsider              # has a grant, but is not gated
useradd -m -G wikifolk admin     # has one by his group, and is not gated
useradd --badname -M -G vmusers 'CORP\bob'
echo 'domain folk:x:4711:anne' >>/etc/group

mkdir -p $etc
cat >$etc/sallyport.conf <<'CONF'
[sallyport]
gated = @vmusers
backend_uid = libvirt-qemu
CONF
cat >$etc/vms.conf <<'CONF'
[vm webdev]
title = web server
spice = unix:/run/vms/webdev.spice
service.ssh = tcp:192.168.122.10:22
[vm books]
spice = tcp:127.0.0.1:20001
address = 127.90.0.1
[vm wiki]
service.web = tcp:192.168.122.11:8080
CONF
cat >$etc/vm_mappings <<'CONF'
maggie webdev spice,ssh Mon,Tue
anne webdev spice,ssh Wed,Thu
anne books spice:view always until 2020-01-01
CORP\134bob webdev ssh always
@wikifolk wiki web always
@primaries wiki web Sat
@domain\040folk wiki web always
outsider webdev ssh always
nobodyhere books spice always
root books spice always
CONF
echo 'anne:ccccccbtbhnh' >$etc/yubikey_mappings

"$cli" print sshd >/etc/ssh/sshd_config.d/sallyport.conf
cat /etc/ssh/sshd_config.d/sallyport.conf
ssh-keygen -A >/dev/null
mkdir -p /run/sshd
/usr/sbin/sshd -t || fail "sshd does not take it"
echo "ok sshd -t takes it"

config() { /usr/sbin/sshd -T -C user="$1",host=client,addr=192.0.2.1; }
opens() { config "$1" | sed -n 's/^permitopen //p'; }
expect() { # USER PERMITOPEN
	[ "$(opens "$1")" = "$2" ] || fail "$1 may open: $(opens "$1")"
	echo "ok $1: $2"
}
webdev='webdev:5900 [/run/sallyport/vm/webdev/spice]:* webdev:2222 [/run/sallyport/vm/webdev/ssh]:*'
wiki='wiki:8080 [/run/sallyport/vm/wiki/web]:*'
books='books:5900 [/run/sallyport/vm/books/spice]:*'
expect maggie "$webdev"
expect anne "$webdev $books $wiki"
expect wanda "$wiki"
expect paul "$wiki"
expect 'CORP\bob' 'webdev:2222 [/run/sallyport/vm/webdev/ssh]:*'
expect unmapped none
expect outsider any
expect admin any
expect root any

for user in anne maggie wanda paul unmapped 'CORP\bob'; do
	for line in 'forcecommand exec /usr/bin/sallyport-shell' \
		'authenticationmethods publickey,keyboard-interactive:pam' \
		'kbdinteractiveauthentication yes' 'pubkeyauthentication yes' \
		'passwordauthentication no' 'allowtcpforwarding local' \
		'allowstreamlocalforwarding local' 'permitlisten none' 'gatewayports no' \
		'x11forwarding no' 'allowagentforwarding no' 'permittunnel no' 'permituserrc no' \
		'permituserenvironment no' 'usepam yes' 'logingracetime 120' \
		'maxstartups 30:30:200'; do
		config "$user" | grep -qxF "$line" || fail "$user lacks: $line"
	done
done
echo "ok all gated users have all common settings"

# Of what is in Match blocks, nothing changed for the others.
mv /etc/ssh/sshd_config.d/sallyport.conf /tmp/ours
for user in outsider admin root; do config $user >/tmp/before.$user; done
mv /tmp/ours /etc/ssh/sshd_config.d/sallyport.conf
for user in outsider admin root; do
	diff /tmp/before.$user <(config $user) | sed -n 's/^> //p' >/tmp/changed || true
	[ "$(sort /tmp/changed | paste -sd' ')" = 'maxstartups 30:30:200 persourcemaxstartups 20 persourcenetblocksize 32:64' ] ||
		fail "$user is touched: $(cat /tmp/changed)"
done
echo "ok who is not gated keeps his configuration"

# PAM: the whole file, and idempotent.
"$cli" print pam >/tmp/pam
grep -q '^auth  *\[success=done ignore=ignore default=die\] pam_sallyport.so group=vmusers$' /tmp/pam
grep -q '^account  *required  *pam_sallyport.so group=vmusers$' /tmp/pam
grep -q '^session  *required  *pam_sallyport.so group=vmusers$' /tmp/pam
! sed '/^#/d' /tmp/pam | grep -q user_readenv=1 || fail "user_readenv=1 is still there"
grep -q '^# +auth  *\[success=done' /tmp/pam || fail "the change is not shown"
"$cli" check >/tmp/check || fail "check: $(cat /tmp/check)"
grep -q 'pam_sallyport.so is missing' /tmp/check || fail "check does not miss the module"
sed '/^# Changed in this machine/,$d' /tmp/pam >/etc/pam.d/sshd
"$cli" print pam | grep -q 'is like that' || fail "print pam is not stable"
"$cli" check >/tmp/check || fail "check: $(cat /tmp/check)"
! grep -q '/etc/pam.d/sshd' /tmp/check || fail "check: $(cat /tmp/check)"
echo "ok print pam makes a file that check is content with"
sed -i 's/\(session.*\)group=vmusers/\1group=users/' /etc/pam.d/sshd
rc=0; "$cli" check >/tmp/check || rc=$?
[ $rc = 78 ] && grep -q 'group=users, but sallyport.conf gates @vmusers' /tmp/check ||
	fail "check $rc: $(cat /tmp/check)"
sed -i 's/group=users/group=vmusers/' /etc/pam.d/sshd
echo "ok check finds another group in the PAM file"

# Hosts, with no daemon: what was kept, else in order.
expect_hosts() { [ "$("$cli" print hosts)" = "$1" ] || fail "hosts: $("$cli" print hosts)"; }
expect_hosts "# BEGIN sallyport
127.90.0.2 webdev
127.90.0.1 books
127.90.0.3 wiki
# END sallyport"
echo 'wiki 127.90.0.2' >/var/lib/sallyport/addresses
expect_hosts "# BEGIN sallyport
127.90.0.3 webdev
127.90.0.1 books
127.90.0.2 wiki
# END sallyport"
echo "ok print hosts follows what was kept"

# A login as sshd does it, the OTP's place taken by pam_permit and pam_deny.
cat "$BUILD/sallyport-shell" >/usr/bin/sallyport-shell
chmod 755 /usr/bin/sallyport-shell
ssh-keygen -q -t ed25519 -N '' -f /tmp/key
for user in anne outsider; do
	install -d -o $user -m 700 /home/$user/.ssh
	install -o $user -m 600 /tmp/key.pub /home/$user/.ssh/authorized_keys
done
otp() { # permit|deny
	cp "$security/pam_$1.so" "$security/pam_sallyport.so"
}
/usr/sbin/sshd -p 2200 -o ListenAddress=127.0.0.1 -E /tmp/sshd.log
for _ in $(seq 1000); do # it listens only after its start has returned
	if [ -s /run/sshd.pid ] && ss -Hltn 'sport = :2200' | grep -q .; then break; fi
	sleep 0.05
done
go() { # USER [ARG…]
	local user=$1
	shift
	timeout 100 ssh -F /dev/null -p 2200 -i /tmp/key -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ControlPath=none \
		-o NumberOfPasswordPrompts=1 -o BatchMode="${BATCH:-no}" "$user@127.0.0.1" "$@" \
		</dev/null >/tmp/out 2>/tmp/err
}
otp permit
rc=0; go anne 'echo hello; cat /etc/passwd' || rc=$?
# sallyport-shell is what runs, and without the daemon it lets nobody in.
[ $rc = 75 ] || { cat /tmp/sshd.log /tmp/err; fail "anne's command ended with $rc"; }
[ ! -s /tmp/out ] || fail "a session wrote to standard output"
grep -q "daemon does not answer" /tmp/err || fail "$(cat /tmp/err)"
rc=0; go anne -s sftp || rc=$?
[ $rc = 75 ] && [ ! -s /tmp/out ] || fail "anne's sftp ended with $rc"
echo "ok key, OTP: without the daemon a command and sftp end with 75, and nothing on standard output"
otp deny
rc=0; go anne true || rc=$?
[ $rc = 255 ] || fail "without an OTP anne's ssh ended with $rc"
echo "ok key, no OTP: refused"
BATCH=yes
otp permit
rc=0; go anne true || rc=$?
[ $rc = 255 ] || fail "without asking for the OTP anne's ssh ended with $rc"
go outsider 'echo fine' && [ "$(cat /tmp/out)" = fine ] || { cat /tmp/sshd.log; fail "outsider is locked out"; }
echo "ok who is not gated logs in as before"
kill "$(cat /run/sshd.pid)"

# Too many endpoints for sshd.
for i in $(seq 1 1001); do printf '[vm many%d]\nservice.ssh = tcp:10.0.0.1:22\n' "$i"; done >>$etc/vms.conf
echo 'anne * ssh always' >>$etc/vm_mappings
rc=0; "$cli" check >/tmp/check || rc=$?
[ $rc = 78 ] && grep -q 'anne: .*endpoints' /tmp/check || fail "check $rc: $(tail -3 /tmp/check)"
rc=0; "$cli" print sshd >/tmp/out 2>/tmp/err || rc=$?
[ $rc = 78 ] && [ ! -s /tmp/out ] || fail "print sshd $rc: $(cat /tmp/err)"
echo "ok more than 2,000 endpoints are refused"
