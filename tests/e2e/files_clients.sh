#!/bin/bash
# File transfer of those without a shell, by the clients that people have: each carries
# SIZE bytes both ways unchanged, lists what is granted and nothing else. Some ask for the
# OTP themselves, some share a connection.
# timeout: 240
# long: 1800 SIZE=1073741824
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
for need in lftp rclone psftp pscp puttygen sshfs rsync; do
	command -v $need >/dev/null || { echo "$need is missing"; exit 77; }
done
export GW BUILD
FILES_USERS="anne maggie" FILES_TIMEOUT=1790
. tests/support/files.sh
SIZE=${SIZE:-3000000}
GW_SSHD="MaxSessions 50"
files_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
df -B1 --output=avail "$GW" | tail -1 | { read -r room; [ "$room" -gt $((SIZE * 8)) ] || echo "little room for $SIZE bytes"; }
seed=$GW/seed; head -c "$SIZE" /dev/urandom >"$seed"
W=/srv/vms/webdev
LONG=$((SIZE / 1000000 + 60))

# WHAT HOW-IT-WENT UPLOADED DOWNLOADED LISTING: and away with them
came() {
	check "$1: up and down" 0 "$2"
	cmp -s "$seed" "$3" && cmp -s "$seed" "$4" && pass "  the same bytes" || { fail "$1: other bytes"; tail -n 5 "$GW/out" "$GW/err"; }
	rm -f "$3" "$4"
}
# LISTING: maggie's root, as names alone.
only() { check "  it lists what is granted" "books webdev" "$(tr -d '/ ' <<<"$1" | grep -v '^\.*$' | sort | tr '\n' ' ' | sed 's/ $//')"; }

# --- OpenSSH's, by both its protocols, and rsync ---------------------------------------------
batch anne "put $seed a" "get a $GW/a" >/dev/null; came sftp "$RC" $W/a "$GW/a"
only "$(batch maggie 'ls -1 /')"
copy anne "$seed" x:a && copy anne x:a "$GW/a"; came scp "$RC" $W/a "$GW/a"
copy anne -O "$seed" x:a && copy anne -O x:a "$GW/a"; came "scp -O" "$RC" $W/a "$GW/a"
mkdir "$GW/from"; ln "$seed" "$GW/from/a"; touch $W/stale; chown anne $W/stale
sync_ anne "$GW/from/" x:r/ && sync_ anne -z --delete x:r/ "$GW/to/"; came rsync "$RC" $W/r/a "$GW/to/a"
sync_ maggie --list-only --no-r --dirs x:/; only "$(awk '{print $NF}' "$GW/out")"

# --- lftp, on a connection that is there ------------------------------------------------------
lftp_() { # USER COMMANDS
	timeout $LONG lftp -c "set sftp:connect-program 'ssh -F none -a -x -S $GW/$1.ctl'; set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 20; open -u $1, sftp://x; $2" >"$GW/out" 2>"$GW/err"
}
lftp_ anne "put $seed -o a; get a -o $GW/a"; came lftp $? $W/a "$GW/a"
lftp_ anne "mirror -R $GW/from m; mirror m $GW/m"; came "lftp mirror" $? $W/m/a "$GW/m/a"
lftp_ maggie 'cls -1 /'; only "$(cat "$GW/out")"

# --- sshfs: a whole session -------------------------------------------------------------------------
mkdir "$GW/mnt"
mounted() { mountpoint -q "$GW/mnt"; }
timeout 60 sshfs -o "ssh_command=ssh -F none -S $GW/anne.ctl" x:/ "$GW/mnt" 2>"$GW/err"
if mounted; then
	cp "$seed" "$GW/mnt/a" && mv "$GW/mnt/a" "$GW/mnt/b" && cp "$GW/mnt/b" "$GW/a"; came sshfs $? $W/b "$GW/a"
	M=$GW/mnt
	mkdir -p "$M/d/e" && echo one >"$M/d/e/f" && echo two >>"$M/d/e/f" && ln -s e/f "$M/d/l" && chmod 600 "$M/d/e/f" && touch -d 2001-01-01 "$M/d/e/f"
	check "  files, folders, links, modes, times" "one two e/f 600 2001" "$(cat "$W/d/l" | tr '\n' ' ')$(readlink $W/d/l) $(stat -c %a $W/d/e/f) $(date -r $W/d/e/f +%Y)"
	printf XYZ | dd of="$M/d/e/f" bs=1 seek=2 conv=notrunc 2>/dev/null; truncate -s 6 "$M/d/e/f"; check "  in the middle, and cut" "onXYZw" "$(cat $W/d/e/f)"
	mv "$M/d/e" "$M/d/g"; rm -r "$M/d"; check "  renamed and removed" "gone" "$([ -e $W/d ] || echo gone)"
	ln -s /etc/passwd $W/out; sftp_sees() { batch anne "get $1 $GW/out-of" >/dev/null; [ -s "$GW/out-of" ] && cat "$GW/out-of"; }; check "  a link that leads outside leads nowhere there" "" "$(sftp_sees out)"; rm $W/out
	check "  nothing above" "$(ls $W)" "$(ls "$M/..//mnt")"
	fusermount -u "$M" || fusermount3 -u "$M"
else
	fail "sshfs: $(cat "$GW/err")"
fi
timeout 60 sshfs -o "ssh_command=ssh -F none -S $GW/maggie.ctl" x:/ "$GW/mnt" && only "$(ls "$GW/mnt")"; fusermount -u "$GW/mnt"

# --- those that ask for the OTP themselves ------------------------------------------------------------
puttygen "$GW/anne.key" -O private -o "$GW/anne.ppk" || fail puttygen
puttygen "$GW/maggie.key" -O private -o "$GW/maggie.ppk" || fail puttygen
host=$(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2)
putty() { # USER PROGRAM ARG…: on a terminal of its own
	local u=$1; shift
	rm -f "$GW/rc"
	SAY="YubiKey for $u: =$(gw_press "$u")" PATIENCE=$LONG timeout $LONG python3 tests/support/on_terminal.py root \
		sh -c 'exec 9<>/dev/tty; rc=$1; shift; "$@"; echo $? >"$rc"' sh "$GW/rc" "$@" -hostkey "$host" -i "$GW/$u.ppk" -P 22 "${LAST[@]}" >"$GW/out" 2>&1
	RC=$(cat "$GW/rc" 2>/dev/null || echo none)
}
printf '%s\n' "put $seed a" "get a $GW/a" >"$GW/script"
LAST=(-b "$GW/script" anne@127.0.0.1); putty anne psftp; came "psftp, with its OTP" "$RC" $W/a "$GW/a"
echo 'ls /' >"$GW/script"; LAST=(-b "$GW/script" maggie@127.0.0.1); putty maggie psftp; only "$(grep -oE '(books|webdev|etc|home)[^ ]*$' "$GW/out" | tr -d '\r')"
LAST=("$seed" anne@127.0.0.1:a); putty anne pscp -q -sftp; UP=$RC; LAST=(anne@127.0.0.1:a "$GW/a"); putty anne pscp -q -sftp; came "pscp, with its OTP" "$((UP + RC))" $W/a "$GW/a"
LAST=("$seed" anne@127.0.0.1:a); putty anne pscp -q -scp; UP=$RC; LAST=(anne@127.0.0.1:a "$GW/a"); putty anne pscp -q -scp; came "pscp -scp, with its OTP" "$((UP + RC))" $W/a "$GW/a"

cat >"$GW/by_paramiko.py" <<'PY'
import sys
import paramiko
user, key, otp, what = sys.argv[1:5]
t = paramiko.Transport(("127.0.0.1", 22))
t.start_client(timeout=20)
t.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(key))
t.auth_interactive(user, lambda title, text, questions: [otp for _ in questions])
s = paramiko.SFTPClient.from_transport(t)
if what == "list":
    print("\n".join(s.listdir("/")))
else:
    s.put(what, "a")
    s.get("a", sys.argv[5])
t.close()
PY
timeout $((LONG * 4)) python3 "$GW/by_paramiko.py" anne "$GW/anne.key" "$(gw_press anne)" "$seed" "$GW/a" >"$GW/out" 2>"$GW/err"; came "paramiko, with its OTP" $? $W/a "$GW/a"
only "$(python3 "$GW/by_paramiko.py" maggie "$GW/maggie.key" "$(gw_press maggie)" list 2>"$GW/err")"

# rclone answers with its "password", once for each connection that it makes.
rclone_() { # USER ARG…
	local u=$1; shift
	timeout $LONG rclone --config /dev/null --transfers 1 --checkers 1 --multi-thread-streams 0 --retries 1 --low-level-retries 1 --sftp-host 127.0.0.1 --sftp-user "$u" --sftp-key-file "$GW/$u.key" \
		--sftp-pass "$(rclone obscure "$(gw_press "$u")")" --sftp-disable-hashcheck --sftp-md5sum-command none --sftp-sha1sum-command none --sftp-set-modtime=false "$@" >"$GW/out" 2>"$GW/err"
}
rclone_ anne copyto "$seed" :sftp:a; UP=$?; rclone_ anne copyto :sftp:a "$GW/a"; came "rclone, with its OTP" $((UP + $?)) $W/a "$GW/a"
rclone_ maggie lsf :sftp:/; only "$(cat "$GW/out")"

# --- the OTP, where sallyport-shell asks: a connection first, then transfers on it ---------------------
files_stop
sed -i '/^\[sallyport\]/a otp = shell' /etc/sallyport/sallyport.conf
gw_restart
sed -i 's/^auth .*pam_sallyport.*//' /etc/pam.d/sshd
sallyport print sshd >"$GW/print"; { sed '/^Match/,$d' /etc/ssh/sshd_config; cat "$GW/print"; } >"$GW/sshd.new"; cp "$GW/sshd.new" /etc/ssh/sshd_config; gw_sshd_reload
for u in anne maggie; do usermod -s /usr/bin/sallyport-shell $u; done
ssh -F none -i "$GW/anne.key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o BatchMode=yes anne@127.0.0.1 -s sftp </dev/null >"$GW/out" 2>"$GW/err"; check "otp = shell, no terminal: no transfer" "77 " "$? $(cat "$GW/out")"
SAY="YubiKey for anne: =$(gw_press anne)" python3 tests/support/on_terminal.py root ssh -F none -i "$GW/anne.key" -o StrictHostKeyChecking=no \
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -M -S "$GW/anne.ctl" -o ControlPersist=60 -t anne@127.0.0.1 vms >"$GW/out" 2>&1
batch anne "put $seed a" "get a $GW/a" >/dev/null; came "otp = shell, on a connection that is there" "$RC" $W/a "$GW/a"
ssh -F none -S "$GW/anne.ctl" -O exit x 2>/dev/null
finish
