#!/bin/bash
# The recorder tells the journal each record's number and hash, as they are in the
# file; a journal that hangs or is missing delays nothing. (A stand-in listens at
# the journal's address.)
# timeout: 60
set -eu

die() { echo "$*"; exit 1; }
driver=$BUILD/tests/recorder_driver
log=/var/log/recorder-test/audit.jsonl
socket=/run/systemd/journal/socket
id _sallyport-record >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-record
[ ! -S $socket ] || { echo "the real journal is here"; exit 77; }
rm -f $log
# As many waiting datagrams as systemd allows, instead of 10.
echo 512 >/proc/sys/net/unix/max_dgram_qlen || { echo "the queue's length can't be set"; exit 77; }
work=$(mktemp -d)
mkdir -p /run/systemd/journal

cat >"$work/journal.py" <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/run/systemd/journal/socket")
os.chmod("/run/systemd/journal/socket", 0o666)
s.settimeout(600)
with open(sys.argv[1], "w") as out:
    print("listening", flush=True)
    known = {"MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER"} | {
        "SALLYPORT_" + name for name in ("SEQ", "HASH", "EVENT", "USER", "SOURCE", "VM", "VERDICT")}
    while True:
        data = s.recv(65536)
        names = [line.split(b"=", 1)[0].decode() for line in data.splitlines()]
        if len(set(names)) != len(names) or not set(names) <= known or b"\x1b" in data:
            print("FORGED", data, file=out, flush=True)
            continue
        fields = dict(l.split("=", 1) for l in data.decode("ascii").splitlines())
        assert fields["SYSLOG_IDENTIFIER"] == "sallyport" and fields["MESSAGE"]
        assert fields["MESSAGE_ID"] == "3f7f1a2c6a5d4d0f9b0e7c5d21c9e8a4"
        print(fields["SALLYPORT_SEQ"], fields["SALLYPORT_HASH"], fields["SALLYPORT_EVENT"],
              fields.get("SALLYPORT_USER", "-"), file=out, flush=True)
PY
coproc journal { exec python3 "$work/journal.py" "$work/told"; }
pid=$!
trap 'kill -KILL "$pid" 2>/dev/null || true; rm -f $socket' EXIT
read -r -t 60 _ <&"${journal[0]}" || die "the stand-in does not listen"

told() { # NUMBER: the stand-in has written that record's line, and all before it
	for _ in $(seq 600); do
		[ "$(tail -n 1 "$work/told" | cut -d' ' -f1)" != "$1" ] || return 0
		sleep 0.05
	done
	die "the journal was told up to: $(tail -n 1 "$work/told")"
}
seq -f 'ssh-ed25519 number-%.0f' 100 >"$work/keys"
"$driver" keys "$BUILD/recorder" $log "$work/keys" >/dev/null
told 102
n=0
while IFS= read -r line; do
	n=$((n + 1))
	printf '%d %s\n' "$n" "$(printf %s "$line" | sha256sum | cut -d' ' -f1)"
done <$log >"$work/want"
cut -d' ' -f1,2 "$work/told" | diff "$work/want" - || die "the journal was told something else"
[ "$n" -eq 102 ] || die "$n records"
[ "$(tail -n 1 "$work/told" | cut -d' ' -f3,4)" = "close anne" ] || die "event and user"
echo "ok the journal has number, hash, event and user of $n records"

"$driver" hostile "$BUILD/recorder" $log >/dev/null || die "hostile names"
told $((n + 8))
! grep -a FORGED "$work/told" || die "a name forges fields"
[ "$(tail -n 1 "$work/told" | cut -d' ' -f1)" = $((n + 8)) ] || die "$(tail -n 3 "$work/told")"
! LC_ALL=C grep -q '[^ -~]' $log || die "a byte that is not printable is in the file"
"$BUILD/sallyport" audit show $log >"$work/shown"
! LC_ALL=C grep -q '[^ -~]' "$work/shown" || die "a byte that is not printable is shown"
[ "$(wc -l <"$work/shown")" = "$(wc -l <$log)" ] || die "a name makes lines"
echo "ok newlines, escapes, formats, 10 kB in names: no field, no line, no control is forged"
n=$((n + 8))

kill -STOP "$pid"
seq -f 'ssh-ed25519 number-%.0f' 20000 >"$work/keys"
began=${EPOCHREALTIME/./}
timeout 100 "$driver" keys "$BUILD/recorder" $log "$work/keys" >/dev/null ||
	die "a journal that hangs stops the recorder"
echo "ok 20,000 records while the journal hangs: $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
# Wakes up: the newest come after all, and stand for those before them.
"$driver" wait "$BUILD/recorder" $log "$work/go" &
player=$!
for _ in $(seq 600); do # 20 records of the player's own
	[ "$(wc -l <$log)" != $((n + 20002 + 20)) ] || break
	sleep 0.05
done
kill -CONT "$pid"
want=$(tail -n 1 $log | tr -d '\n' | sha256sum | cut -d' ' -f1)
for _ in $(seq 600); do ! grep -q " $want " "$work/told" || break; sleep 0.05; done
touch "$work/go"
wait "$player" || die "the recorder failed"
[ "$want" = "$(tail -n 1 $log | tr -d '\n' | sha256sum | cut -d' ' -f1)" ] || die "more records than thought"
grep -q " $want " "$work/told" || die "the last record never came: $(tail -n 1 "$work/told")"
echo "ok a journal that goes on is told what waited"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
rm -f $socket
"$driver" keys "$BUILD/recorder" $log "$work/keys" >/dev/null || die "without a journal it fails"
echo "ok without a journal the file alone is written"
# It is asked again: what waited comes, and the newest stand for those before them.
lines=$(wc -l <$log)
"$driver" wait "$BUILD/recorder" $log "$work/later" &
player=$!
for _ in $(seq 600); do
	[ "$(wc -l <$log)" != $((lines + 20)) ] || break
	sleep 0.05
done
[ "$(wc -l <$log)" = $((lines + 20)) ] || die "20 records never came"
coproc again { exec python3 "$work/journal.py" "$work/told"; }
pid=$!
read -r -t 60 _ <&"${again[0]}" || die "the stand-in does not listen again"
told "$(tail -n 1 $log | sed 's/{"seq":\([0-9]*\),.*/\1/')"
touch "$work/later"
wait "$player" || die "the recorder failed"
echo "ok a journal that comes back is told what waited"
