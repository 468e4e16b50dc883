#!/bin/bash
# What the walls around a file transfer cost, against sshd's own sftp in the same run:
# `make bench-files`. In a disposable copy. The same client, sshd and sftp-server serve
# anne (gated, confined to a folder) and fred (as without us), over one connection of each
# that stays; the folders are in memory. Rounds are interleaved, and their order turns.
#
#   ROUNDS=N    of bulk, each way (default 20); STARTS=N sessions (default 60)
#   SIZE=MIB    of a transfer (default 256)
#   LIMITS=no   shows the figures and compares nothing (for trying it)
# shellcheck disable=SC2034 # variables of lib.sh
set -u
ROUNDS=${ROUNDS:-20} STARTS=${STARTS:-60} SIZE=${SIZE:-256}
OUT=$(mktemp -d /tmp/bench.XXXXXX)
FILES_USERS=anne
FILES_TIMEOUT=1200
. tests/e2e/lib.sh
export GW BUILD
. tests/support/files.sh
files_policy() {
	cat >/etc/sallyport/vms.conf <<-CONF
	[vm webdev]
	service.ssh = tcp:127.0.0.1:20022
	folder = /srv/vms/webdev
	CONF
	gw_grants 'anne webdev sftp always'
	gw_yubikeys anne
}
files_start >"$OUT/start.log" 2>&1 || { cat "$OUT/start.log" "$GW/daemon.log"; exit 1; }
# As Debian has it.
sed -i 's|^Subsystem.*|Subsystem sftp /usr/lib/openssh/sftp-server|' /etc/ssh/sshd_config
gw_sshd_reload
files_stop; files_connect || exit 1
GW_TIMEOUT=$FILES_TIMEOUT gw_hold fred fred || exit 1
u_of() { local m; m=$(pgrep -n -f "sshd: $1 \[priv\]"); pgrep -P "$m" -U "$1" | head -1; }

mount -t tmpfs tmpfs /srv/vms/webdev && install -d -o fred /srv/vms/webdev/fred && install -d -o anne /srv/vms/webdev/anne
head -c "$SIZE"M /dev/urandom >"$GW/bulk"
cp "$GW/bulk" /srv/vms/webdev/bulk
tab=$'\t'
echo "load$tab$(cut -d' ' -f1 /proc/loadavg)" >"$OUT/load_average.tsv"
python3 bench/files/rounds.py "$ROUNDS" "$STARTS" "$SIZE" "$GW/bulk" \
	"gated:$GW/anne.ctl:$(u_of anne):/anne/up:/bulk" \
	"plain:$GW/fred.ctl:$(u_of fred):/srv/vms/webdev/fred/up:/srv/vms/webdev/bulk" >"$OUT/rounds.tsv"
cmp -s "$GW/bulk" /srv/vms/webdev/anne/up || { echo "other bytes arrived"; rm -f "$OUT/rounds.tsv"; }
# Each of anne's was one that is confined and on record.
[ "$(gw_log '"event":"open"' '"right":"sftp"' '"user":"anne"' | wc -l)" -ge $((ROUNDS * 2 + STARTS)) ] || rm -f "$OUT/rounds.tsv"
mkdir -p "$BUILD/bench/state"; cp "$OUT"/*.tsv "$BUILD/bench/state/"
python3 bench/files/table.py "$OUT" "${LIMITS:-yes}"
rc=$?
files_stop; gw_release fred
gw_stop
umount /srv/vms/webdev
rm -rf "$OUT"
exit $rc
