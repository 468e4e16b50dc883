#!/bin/bash
# File transfer of those without a shell, by OpenSSH's own clients: who may, what is seen,
# what is on record, and how it ends.
# timeout: 240
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
. tests/support/files.sh
GW_SSHD="MaxSessions 50"
files_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
seed=$GW/seed; head -c "${SIZE:-4000000}" /dev/urandom >"$seed"

# --- what is seen ---------------------------------------------------------------------
check "one VM: its folder is the root" "/from-webdev" "$(batch anne 'ls -1 /')"
check "two VMs: a folder each, and nothing else" "books webdev" "$(batch maggie 'ls -1 /' | sort | tr -d / | tr '\n' ' ' | sed 's/ $//')"
check "  and in it what it holds" "/books/from-books" "$(batch maggie 'ls -1 /books/')"
batch fred2 'ls /' >"$GW/out"; check "who has no right: refused" "255" "$RC"
gw_logged 15 '"event":"deny"' '"user":"fred2"' '"right":"sftp"' && pass "  on record" || fail "no record of it"
gw_over fred2 x 'scp -t .' >"$GW/out" 2>"$GW/err"; check "  in words" "77 ~" "$? ~"; check "  which are" "~File transfer is not open to you" "$(cat "$GW/err")"

# --- both ways, equal bytes --------------------------------------------------------------
batch anne "put $seed up1" "get up1 $GW/down1" >/dev/null; check "sftp, both ways" 0 "$RC"
cmp -s "$seed" "$GW/down1" && cmp -s "$seed" /srv/vms/webdev/up1 && pass "  the same bytes, and they lie in the folder" || fail "sftp: other bytes: $(cat "$GW/err")"
check "  as the user's" anne "$(stat -c %U /srv/vms/webdev/up1)"
copy anne "$seed" x:up2 && copy anne x:up2 "$GW/down2"; cmp -s "$seed" "$GW/down2" && pass "scp, both ways" || fail "scp: $(cat "$GW/err")"
copy anne -O -p "$seed" x:up3 && copy anne -O -p x:up3 "$GW/down3"; cmp -s "$seed" "$GW/down3" && pass "scp -O -p, both ways" || fail "scp -O: $(cat "$GW/err")"
copy maggie -O "$seed" x:/webdev/up4 && copy maggie -O x:/webdev/up4 "$GW/down4"; cmp -s "$seed" "$GW/down4" && pass "scp -O, one of two VMs" || fail "scp -O of two: $(cat "$GW/err")"
mkdir -p "$GW/tree/d e"; seq 1 1000 >"$GW/tree/d e/a b"; cp "$seed" "$GW/tree/big"; : >"$GW/tree/"$'\xff\xe4'
copy anne -O -r "$GW/tree" x:t1 && copy anne -O -r x:t1 "$GW/t1" && cmp -s "$GW/tree/d e/a b" "$GW/t1/d e/a b" && pass "scp -O -r, names with blanks" || fail "scp -O -r: $(cat "$GW/err")"
copy anne -O 'x:t1/d\ e/a\ b' "$GW/ab" && cmp -s "$GW/tree/d e/a b" "$GW/ab" && pass "scp -O, a blank escaped" || fail "scp -O, blank: $(cat "$GW/err")"
copy anne -O 'x:t1/*' "$GW/none"; check "scp -O with a pattern: a name, and said so" "1 ~" "$RC ~"; check "  which is" "~A pattern is taken as a name" "$(cat "$GW/err")"
ln -s nowhere "$GW/tree/l"; find "$GW/tree" -exec touch -h -d 2020-02-02 {} +
sync_ anne "$GW/tree/" x:t2/; check "rsync -a up" 0 "$RC"
touch /srv/vms/webdev/t2/old; chown anne /srv/vms/webdev/t2/old
sync_ anne --delete -z "$GW/tree/" x:t2/; check "rsync -az --delete up" "0 gone" "$RC $([ -e /srv/vms/webdev/t2/old ] || echo gone)"
mkdir "$GW/t2"; touch "$GW/t2/old"; sync_ anne --delete x:t2/ "$GW/t2/"; check "rsync -a --delete down" "0 gone" "$RC $([ -e "$GW/t2/old" ] || echo gone)"
same_tree "$GW/tree" "$GW/t2" && pass "  the same trees" || fail "rsync: other trees: $(cat "$GW/err")"
sync_ anne -H --partial --inplace -c "$GW/tree/" 'x:t 3/'; check "rsync -H --partial --inplace -c, a blank in the name" "0 big" "$RC $(ls "/srv/vms/webdev/t 3" | head -1)"
long=$(printf 'n%.0s' $(seq 1 255)); batch anne "put $seed $long" "get $long $GW/long" >/dev/null; cmp -s "$seed" "$GW/long" && pass "a name of 255 bytes" || fail "long name: $(cat "$GW/err")"

# --- only for reading ----------------------------------------------------------------------
check "sftp:ro: read" "0" "$(batch rita "get from-books $GW/ro" >/dev/null; echo $RC)"
batch rita "put $seed x" >/dev/null; check "  not written" "1 no" "$RC $([ -e /srv/vms/books/x ] || echo no)"
copy rita -O x:from-books "$GW/ro2"; check "  scp -O reads" 0 "$RC"
copy rita -O "$seed" x:x; check "  and does not write" "1 no" "$((RC != 0)) $([ -e /srv/vms/books/x ] || echo no)"
check "  in words" "~for reading only" "$(cat "$GW/err")"
sync_ rita x:./ "$GW/ro3/"; check "  rsync reads" 0 "$RC"
sync_ rita "$GW/tree/" x:./; check "  and does not write" "1 no" "$((RC != 0)) $([ -e /srv/vms/books/big ] || echo no)"
for c in 'rm from-books' 'rename from-books y' 'mkdir y' 'ln -s a y' 'chmod 777 from-books'; do
	batch rita "$c" >/dev/null; check "  not: $c" 1 "$RC"
done
batch maggie "put $seed /books/x" >/dev/null; check "one of two only for reading: not written" "1 no" "$RC $([ -e /srv/vms/books/x ] || echo no)"

# --- outside, and odd words -------------------------------------------------------------------
for p in /etc/passwd ../../../../etc/passwd /proc/self/root/etc/passwd /srv/vms/books/from-books; do
	rm -f "$GW/got"; batch anne "get $p $GW/got" >/dev/null; check "outside: $p" "1 none" "$RC $([ -s "$GW/got" ] && echo got || echo none)"
done
gw_logged 15 '"event":"file"' '"verdict":"claimed"' refused '/etc/passwd' && pass "  on record as claimed" || fail "no record: $(gw_log '"file"' | tail -3)"
ln -s /etc/passwd /srv/vms/webdev/link; batch anne "get link $GW/got" >/dev/null; check "  by a planted link" "1 none" "$RC $([ -s "$GW/got" ] && echo got || echo none)"
for w in '/usr/lib/openssh/sftp-server -d /etc' 'internal-sftp -d /' 'scp -S /bin/sh -t x' 'scp -f $(id)' 'scp -f `id`' 'scp -t x;id' \
	'rsync --server --daemon --config=/etc/passwd . .' 'rsync --server -e sh -r . x' 'rsync --server --rsh=id -r . x' \
	'rsync --server --log-file=/tmp/log -r . x' 'rsync --server -rse.L . .' 'scp a b'; do
	gw_over anne x "$w" >"$GW/out" 2>"$GW/err" </dev/null; check "refused: $w" "64 " "$? $(cat "$GW/out")"
	grep -q '^sallyport: ' "$GW/err" || fail "without words: $w"
done
gw_logged 15 '"event":"file"' 'refused: ' '"conn"' && pass "  on record" || fail "no record of the words"
for w in 'git-upload-pack x' mosh-server 'svnserve -t' '/bin/sh' id; do
	gw_over anne x "$w" >"$GW/out" 2>"$GW/err" </dev/null; check "denied: $w" "77 " "$? $(cat "$GW/out")"
done

# --- the record ---------------------------------------------------------------------------------
gw_logged 15 '"event":"open"' '"user":"anne"' '"channel":"s' '"vm":"webdev"' '"right":"sftp"' '"verdict":"allow"' && pass "open, with VM and right" || fail "no open: $(gw_log '"open"' | tail -2)"
gw_logged 15 '"event":"close"' '"vm":"webdev"' '"channel":"s' '"duration_ms"' && pass "close" || fail "no close"
gw_has_log '"event":"open"' '"user":"maggie"' '"vm":"books:ro webdev"' && pass "two VMs, one of them for reading" || fail "two VMs: $(gw_log '"open"' maggie | tail -1)"
gw_has_log '"event":"open"' '"user":"rita"' '"right":"sftp:ro"' && pass "sftp:ro" || fail "no sftp:ro"
gw_logged 15 '"event":"file"' 'close \"/up1\"' && pass "a file, as claimed" || fail "no file: $(gw_log '"file"' | head -3)"
gw_clock
{ for i in $(seq 700); do echo "-rm nosuch$i"; echo "-mkdir f$i"; done; } >"$GW/flood"; timeout 60 sftp -F none -q -o ControlPath="$GW/anne.ctl" -b "$GW/flood" x >/dev/null 2>&1
MOST=$((260 + 50 * (($(date +%s%N) - START) / 1000000000 + 1))) # 250 at once, then 50 a second
gw_logged 15 '"event":"close"' 'more claimed lines are not on record' && pass "a flood of claims: how many are not on record is" || fail "nothing of what was left out"
N=$(gw_log '"event":"file"' mkdir | wc -l); [ "$N" -ge 100 ] && [ "$N" -le $MOST ] && pass "  and $N of 700 are" || fail "  $N of 700 are, at most $MOST"
check "log --vm finds a transfer of two" "~maggie" "$(sallyport log --vm books --event open)"
check "report by VM counts it" "~books" "$(sallyport report --by vm)"
sallyport audit verify >/dev/null && pass "the chain is whole" || fail "audit verify"

# --- folders that are not there --------------------------------------------------------------------
mv /srv/vms/books /srv/vms/away
check "one folder of two is missing: the other works" "webdev" "$(batch maggie 'ls -1 /' | tr -d /)"
gw_logged 15 '"event":"file"' '"user":"maggie"' 'books: the folder is missing' && pass "  on record" || fail "no record of it"
missing() { gw_over "$1" x sftp-server </dev/null 2>&1 >/dev/null; } # sshd drops a subsystem's words
check "  in words, where sshd lets them pass" "~books: the folder is missing" "$(missing maggie)"
batch rita 'ls /' >/dev/null; check "the only one is missing: no access" 255 "$RC"; check "  in words" "~books: the folder is missing" "$(missing rita)"
: >/srv/vms/books; check "a file in its place" "~books: the folder is none" "$(missing maggie)"; rm /srv/vms/books
mkdir -m 700 /srv/vms/books; check "not readable" "~books: the folder cannot be read" "$(missing maggie)"; rmdir /srv/vms/books
ln -s /etc /srv/vms/books; check "a symbolic link" "~books: the folder lies behind" "$(missing maggie)"; rm /srv/vms/books
mv /srv/vms/away /srv/vms/books

# --- those with a shell: as without us ----------------------------------------------------------------
check "with shell: the whole machine, as ever" "~passwd" "$(batch sheila 'ls -1 /etc/passwd')"

# --- full -----------------------------------------------------------------------------------------------
mkdir -p /srv/vms/small; mount -t tmpfs -o size=1m tmpfs /srv/vms/small && chown anne /srv/vms/small
sed -i 's|^folder = /srv/vms/webdev|folder = /srv/vms/small|' /etc/sallyport/vms.conf; gw_reload >/dev/null
batch anne "put $seed full" >/dev/null; check "disk full: said to the client" "1" "$RC"; check "  in words" "~ailure" "$(cat "$GW/err")"
sed -i 's|^folder = /srv/vms/small|folder = /srv/vms/webdev|' /etc/sallyport/vms.conf; gw_reload >/dev/null; umount /srv/vms/small

# --- its end in mid-transfer ---------------------------------------------------------------------------------
ended() { # WHAT [MS]: the slow transfer SLOW is gone within 2 s of gw_clock, processes and all
	local ms limit=${2:-2000}
	while pgrep -u anne -x sftp-server >/dev/null || pgrep -u anne -x rsync >/dev/null || pgrep -u anne -x sallyport-shell >/dev/null; do
		ms=$(( ($(date +%s%N) - START) / 1000000 )); [ $ms -lt 8000 ] || break; sleep 0.05
	done
	ms=$(( ($(date +%s%N) - START) / 1000000 ))
	if [ $ms -le $limit ]; then pass "$1: gone after $ms ms"; else fail "$1: gone after $ms ms only"; fi
	wait $SLOW 2>/dev/null
}
no_transfer() { sallyport list channels >"$GW/list" && ! grep -w sftp "$GW/list"; } # nor one that is ending yet
slow() { # one that does not end by itself
	gw_wait 20 no_transfer
	[ -p "$GW/fifo" ] || { mkfifo "$GW/fifo"; exec 7<>"$GW/fifo"; } # an input that stays open
	timeout 60 ssh -F none -S "$GW/anne.ctl" x sftp-server <&7 >/dev/null 2>"$GW/err" & SLOW=$!
	gw_wait 20 pgrep -u anne -x sftp-server || fail "no transfer"
}
slow; check "list channels shows it" "~sftp" "$(sallyport list channels)"
S=$(sallyport list channels | awk '/sftp/ {print $1; exit}')
check "reload --dry-run foresees it" "~$S" "$(cp /etc/sallyport/vm_mappings "$GW/m"; sed -i '/^anne/d' /etc/sallyport/vm_mappings; sallyport reload --dry-run; cp "$GW/m" /etc/sallyport/vm_mappings)"
gw_clock; sallyport disconnect "$S" >"$GW/out"; ended "disconnect $S"; check "  said so" "~1 channel closed" "$(cat "$GW/out")"
check "  to the user, too" "~disconnected by the administrator" "$(cat "$GW/err")"
gw_logged 15 '"event":"close"' "\"channel\":\"$S\"" 'disconnected by' && pass "  on record" || fail "no close of $S"
slow; sed -i '/^anne/s/sftp/sftp:ro/' /etc/sallyport/vm_mappings; gw_clock; gw_reload >/dev/null; ended "sftp becomes sftp:ro"
cp "$GW/m" /etc/sallyport/vm_mappings; gw_reload >/dev/null
slow; sed -i 's|^folder = /srv/vms/webdev|folder = /srv/vms/small|' /etc/sallyport/vms.conf; gw_clock; gw_reload >/dev/null; ended "the folder is another one"
sed -i 's|^folder = /srv/vms/small|folder = /srv/vms/webdev|' /etc/sallyport/vms.conf; gw_reload >/dev/null
slow; gw_clock; kill -KILL "$(cat "$GW/daemon.pid")"; ended "the daemon is killed"
gw_wait 20 sallyport status; gw_wait 20 batch anne 'ls /' && pass "  and it works again" || fail "the daemon is back, but no transfer"
slow_up() { # an upload by rsync, which serves it with two processes
	gw_wait 20 no_transfer
	timeout 60 rsync --bwlimit=50 -e "ssh -F none -o LogLevel=ERROR -S $GW/anne.ctl" "$seed" x:slow >/dev/null 2>&1 & SLOW=$!
	gw_wait 20 are_two || fail "no upload"
}
are_two() { [ "$(pgrep -c -u anne -x rsync)" -eq 2 ]; }
slow_up; S=$(sallyport list channels | awk '/sftp/ {print $1; exit}'); gw_clock; sallyport disconnect "$S" >/dev/null; ended "rsync's two processes, disconnected" 4000
slow_up; pkill -STOP -n -u anne -x rsync; gw_clock; pkill -KILL -o -u anne -x rsync; ended "one of rsync's two is killed" 4000
slow_up; pkill -STOP -n -u anne -x rsync; gw_clock; pkill -KILL -u anne -x sallyport-shell; ended "what keeps rsync's two is killed" 4000
slow; gw_clock; sallyport lock anne >/dev/null; ended "lock"; sallyport unlock anne >/dev/null
gw_wait 20 test ! -e "$GW/anne.ctl"; FILES_USERS=anne files_connect; slow; pkill -STOP -u anne -x sftp-server
gw_clock; ssh -F none -S "$GW/anne.ctl" -O exit x 2>/dev/null; ended "its connection has ended, and it does not look"
gw_logged 15 '"event":"close"' '"user":"anne"' 'connection' && pass "  on record" || fail "no close: $(gw_log '"close"' anne | tail -1)"
files_stop; finish
