#!/bin/bash
# Who has `shell`, by the SSH clients that people have: each is asked for the OTP once,
# carries a command's three streams and its exit status unchanged, and is refused in time
# with a wrong OTP. And what runs over ssh: git, rsync, scp, sftp.
# timeout: 120
# long: 1800 SIZE=1073741824
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
for need in plink puttygen dbclient dropbearconvert git rsync; do
	command -v $need >/dev/null || { echo "$need is missing"; exit 77; }
done
gw_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
usermod -s /usr/bin/sallyport-shell maggie
gw_regrant 'maggie host shell always'
WRONG=cccccccccccccccccccccccccccccccccccccccccccc
COMMAND='tee /dev/stderr; exit 7'
SIZE=${SIZE:-100000} # of what is carried, each way
SLOW=$((SIZE / 5000000)) GW_TIMEOUT=$((60 + SIZE / 5000000))
head -c "$SIZE" /dev/urandom >"$GW/data"

# --- each client: CLIENT OTP: its streams are the caller's --------------------------
puttygen "$GW/maggie.key" -O private -o "$GW/maggie.ppk" || fail "puttygen"
dropbearconvert openssh dropbear "$GW/maggie.key" "$GW/maggie.db" >/dev/null 2>&1 || fail "dropbearconvert"
host=$(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2)
export GW COMMAND host

openssh() { OTP=$1 gw_ssh maggie -- "$COMMAND" <"$GW/data" >"$GW/out" 2>"$GW/err"; local rc=$?; asked=$(grep -c ubiKey "$GW/asked"); rm "$GW/asked"; return $rc; }

# On a terminal of its own (held open); what it carries are files. Refused, it may ask again: then
# that input ends.
on_terminal() { # OTP WORDS OF A SHELL
	SAY="YubiKey for maggie: =$1" PATIENCE=$((60 + SLOW)) python3 tests/support/on_terminal.py root \
		env GW="$GW" COMMAND="$COMMAND" host="$host" sh -c "exec 9<>/dev/tty; $2" >"$GW/shown" 2>&1
	local rc=$?
	[ -z "${VERBOSE:-}" ] || cat "$GW/shown"
	asked=$(grep -c 'YubiKey for maggie' "$GW/shown")
	return $rc
}
plink() { on_terminal "$1" 'exec plink -ssh -no-antispoof -P 22 -hostkey "$host" -i "$GW/maggie.ppk" maggie@127.0.0.1 "$COMMAND" <"$GW/data" >"$GW/out" 2>"$GW/err"'; }
dbclient() { on_terminal "$1" 'exec dbclient -y -y -i "$GW/maggie.db" maggie@127.0.0.1 "$COMMAND" <"$GW/data" >"$GW/out" 2>"$GW/err"'; }
libssh() {
	"$BUILD/tests/libssh_client" 22 maggie "$GW/maggie.key" "$1" "$COMMAND" <"$GW/data" >"$GW/out" 2>"$GW/err" 3>"$GW/count"
	local rc=$?
	asked=$(cat "$GW/count")
	return $rc
}
paramiko() {
	python3 "$GW/by_paramiko.py" "$1" <"$GW/data" >"$GW/out" 2>"$GW/err" 3>"$GW/count"
	local rc=$?
	asked=$(cat "$GW/count")
	return $rc
}
cat >"$GW/by_paramiko.py" <<'PY'
import os, sys, threading
import paramiko
asked = 0
def answer(_, __, questions):
    global asked
    asked += len(questions)
    return [sys.argv[1] for _ in questions]
t = paramiko.Transport(("127.0.0.1", 22))
t.banner_timeout = t.handshake_timeout = t.auth_timeout = 60
t.start_client(timeout=60)
try:
    t.auth_publickey("maggie", paramiko.Ed25519Key.from_private_key_file(os.environ["GW"] + "/maggie.key"))
    t.auth_interactive("maggie", answer)
except paramiko.AuthenticationException:
    pass
os.write(3, b"%d\n" % asked)
if not t.is_authenticated():
    sys.exit(255)
c = t.open_session()
c.exec_command(os.environ["COMMAND"])
def write():
    while piece := sys.stdin.buffer.read(65536):
        c.sendall(piece)
    c.shutdown_write()
def errors():
    while piece := c.recv_stderr(65536):
        os.write(2, piece)
threads = [threading.Thread(target=f) for f in (write, errors)]
for thread in threads: thread.start()
while piece := c.recv(65536):
    os.write(1, piece)
for thread in threads: thread.join()
status = c.recv_exit_status()
t.close()
os._exit(status)
PY

sessions() { grep '"event":"session"' $AUDIT | grep -c '"right":"shell"'; }
for client in openssh plink dbclient paramiko libssh; do
	$client "$(gw_press maggie)"; rc=$?
	check "$client: in by one OTP, exit status 7" "7, asked 1" "$rc, asked $asked"
	cmp -s "$GW/data" "$GW/out" && pass "  its output, byte by byte" || fail "  other bytes: $(wc -c <"$GW/out") of them"
	# plink and dbclient speak there themselves, before.
	case $client in plink | dbclient) tail -c "$SIZE" "$GW/err" ;; *) cat "$GW/err" ;; esac >"$GW/said"
	cmp -s "$GW/said" "$GW/data" && pass "  its error, byte by byte" || fail "  other bytes as error"
	before=$(sessions); began=$SECONDS
	$client $WRONG; rc=$?
	took=$((SECONDS - began))
	# (plink and dbclient say by nothing but words that they did not get in.)
	[ $rc != 7 ] && [ $took -le 50 ] && pass "  a wrong OTP: refused in $took s" || fail "  a wrong OTP: exit $rc after $took s"
	check "  nothing ran" "$before 0" "$(sessions) $(wc -c <"$GW/out")"
done

# The copy of the machine lies in memory: what is no longer needed goes.
rm -f "$GW/out" "$GW/err" "$GW/said"
install -m 755 "$BUILD/tests/yk" "$GW/yk"
# --- git, rsync, scp and sftp over ssh -------------------------------------------------
cat >"$GW/ssh" <<SSH
#!/bin/sh
# A user's ssh whose questions the YubiKey answers.
$GW/yk press $GW/maggie.yk >$GW/otp.maggie
GW_OTP=$GW/otp.maggie GW_ASKED=$GW/asked SSH_ASKPASS=$GW/askpass SSH_ASKPASS_REQUIRE=force
export GW_OTP GW_ASKED SSH_ASKPASS SSH_ASKPASS_REQUIRE
exec ssh -F none -o BatchMode=no -i $GW/maggie.key -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \\
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "\$@"
SSH
chmod 755 "$GW/ssh"
at=maggie@127.0.0.1
did() { # WHAT COMMAND…: well, asked once, nothing said
	local rc what=$1; shift
	rm -f "$GW/asked"
	"$@" >"$GW/out" 2>"$GW/err"; rc=$?
	check "$what" "0, asked 1, says ''" "$rc, asked $(grep -c ubiKey "$GW/asked"), says '$(cat "$GW/err")'"
}

export GIT_SSH_COMMAND="$GW/ssh" GIT_CONFIG_NOSYSTEM=1 HOME=$GW
git config --global user.name Maggie; git config --global user.email maggie@example.org
git config --global init.defaultBranch main; git config --global advice.detachedHead false
as maggie env HOME=/home/maggie git init -q --bare -b main /home/maggie/work.git
git init -q "$GW/first"
ln "$GW/data" "$GW/first/data bytes"; printf 'a\r\nb\n' >"$GW/first/lines"
git -C "$GW/first" add -A; git -C "$GW/first" commit -qm one
did "git push" git -C "$GW/first" push -q $at:work.git HEAD:main
did "git clone" git clone -q -b main $at:work.git "$GW/second"
echo more >>"$GW/second/lines"; git -C "$GW/second" commit -qam two
did "git push from the clone" git -C "$GW/second" push -q
did "git fetch in the first" git -C "$GW/first" fetch -q $at:work.git main
check "  the same commit on both sides" "$(git -C "$GW/second" rev-parse HEAD)" "$(git -C "$GW/first" rev-parse FETCH_HEAD)"
check "  and in the repository, whole" "$(git -C "$GW/second" rev-parse HEAD)" \
	"$(as maggie sh -c 'git -C /home/maggie/work.git fsck --strict 2>&1; git -C /home/maggie/work.git rev-parse main')"

rm -rf "$GW/first" "$GW/second" /home/maggie/work.git
mkdir -p "$GW/tree/a folder/deep"
ln "$GW/data" "$GW/tree/a folder/deep/x y"; echo 1 >"$GW/tree/$(printf 'odd \344')"; ln -s lines "$GW/tree/link"
chmod 640 "$GW/tree/a folder/deep/x y"
same() { diff -r --no-dereference "$GW/tree" "$1" >"$GW/diff" 2>&1 && pass "  the same files" || fail "  $(head -3 "$GW/diff")"; }
did "rsync, there" rsync -a --no-o --no-g -e "$GW/ssh" "$GW/tree/" $at:by-rsync/; same /home/maggie/by-rsync
rm "$GW/tree/link"
did "rsync --delete" rsync -a --no-o --no-g --delete -e "$GW/ssh" "$GW/tree/" $at:by-rsync/; same /home/maggie/by-rsync
did "rsync, back" rsync -a -e "$GW/ssh" $at:by-rsync/ "$GW/back/"; same "$GW/back"
rm -rf "$GW/back" /home/maggie/by-rsync
did "scp, there" scp -q -r -S "$GW/ssh" "$GW/tree" $at:by-scp; same /home/maggie/by-scp
did "scp -O, there" scp -q -O -r -S "$GW/ssh" "$GW/tree" $at:by-old-scp; same /home/maggie/by-old-scp
rm -rf /home/maggie/by-old-scp
did "scp -O, back, a name for the remote shell" scp -q -O -S "$GW/ssh" "$at:by-scp/a*/deep/x\\ y" "$GW/x"
cmp -s "$GW/data" "$GW/x" && pass "  the same bytes" || fail "  other bytes"
echo "get \"by-scp/a folder/deep/x y\" $GW/y" >"$GW/batch"
did "sftp, back" sftp -q -b "$GW/batch" -S "$GW/ssh" $at
cmp -s "$GW/data" "$GW/y" && pass "  the same bytes" || fail "  other bytes"
finish
