#!/bin/bash
# The audit log over days: a new file each day without a gap in the chain, old ones
# removed on record, readers over all of them, anchors, kills in between.
# timeout: 300
. tests/e2e/lib.sh

# The log's days are those of UTC, and all of this is one of them.
export TZ=UTC
until [ $((86400 - $(date +%s) % 86400)) -gt 200 ]; do sleep 1; done
LOG=/var/log/sallyport
day() { date -u -d "$1" +%F; }
# One record of that day, as the recorder would have written it.
old_record() { # SEQ DAY PREV
	printf '{"seq":%d,"time":"%sT12:00:00.000000Z","host":"gw1","event":"stop","prev":"%s"}\n' "$1" "$2" "$3"
}
hash_of() { head -c -1 "$1" | sha256sum | cut -d' ' -f1; }
zeros=$(printf '%064d' 0)
install -d -m 750 -g adm $LOG
old=$LOG/audit.jsonl-$(day '40 days ago')-000000000001
old_record 1 "$(day '40 days ago')" "$zeros" >"$old"
old_record 2 "$(day '3 days ago')" "$(hash_of "$old")" >$LOG/audit.jsonl
chmod 640 $LOG/*
chgrp adm $LOG/*
touch -d '3 days ago' "$old"
# shellcheck disable=SC2034 # lib.sh puts it into sallyport.conf
GW_CONF='keep_days = 2'
gw_start || { echo "the gateway did not start"; gw_stop; exit 1; }
yesterday=$LOG/audit.jsonl-$(day '3 days ago')-000000000002

check 'a new day begins a new file' ok "$(gw_wait 15 test -e "$yesterday" && echo ok)"
gw_wait 15 test ! -e $LOG/audit.jsonl.new
check 'it has the same owners' '640 root:adm' "$(stat -c '%a %U:%G' $LOG/audit.jsonl)"
check 'its first line names the old one' "~continues ${yesterday##*/}" "$(head -n 1 $LOG/audit.jsonl)"
check 'the oldest file is removed' ok "$(gw_wait 15 test ! -e "$old" && echo ok)"
gw_wait 15 grep -q '"event":"expire"' $LOG/audit.jsonl
check 'and that is on record' "~removes ${old##*/}" "$(grep '"event":"expire"' $LOG/audit.jsonl)"
check 'a younger one is not' ok "$(test -e "$yesterday" && echo ok)"
check 'a login passes' '~HELLO' "$(gw_talk anne webdev:2222)"
out=$(sallyport audit verify 2>&1)
check 'the chain holds over both files' '~in 2 files, seq 2 to ' "$out"
status=$(sallyport status)
for word in audit_file audit_size audit_since audit_journal audit_kernel; do
	check "status tells $word" "~$word" "$status"
done

sallyport log -f --event otp >"$GW/follow" 2>&1 &
follower=$!
GW_PIDS="$GW_PIDS $follower"
check 'another login passes' '~HELLO' "$(gw_talk anne webdev:2222)"
check 'log -f tells it' ok "$(gw_wait 15 grep -q 'otp anne allow' "$GW/follow" && echo ok)"
kill "$follower"
check 'log reads from the oldest file on' '~stop' "$(sallyport log | head -n 1)"
check 'log of a time and a user' 2 "$(sallyport log --since 1h --user anne --event session | wc -l)"
check 'log --json is the records' "~\"event\":\"session\",\"user\":\"anne\"" "$(sallyport --json log --event session | head -n 1)"
check 'report sums' '~anne' "$(sallyport report)"
check 'by day' "~$(date +%F)" "$(sallyport report --by day --since today)"
check 'a time that is none' 64 "$(sallyport log --since never >/dev/null 2>&1; echo $?)"

sallyport audit anchor >"$GW/anchor"
check 'an anchor is one line' 1 "$(wc -l <"$GW/anchor")"
check 'the log has what it says' '~1 of 1 anchored records' "$(sallyport audit verify --anchor "$GW/anchor" 2>&1)"
cp -a $LOG "$GW/log"
head -n -1 "$GW/log/audit.jsonl" >"$GW/log/cut"
# A long one, told by a pipe that is slow.
mkfifo "$GW/slow"
slow() { python3 - "$GW/slow" <<'PY'
import hashlib, sys, time
prev = "0" * 64
with open(sys.argv[1], "w") as out:
    for seq in range(1, 3001):
        line = '{"seq":%d,"time":"2026-01-01T12:00:00.000000Z","host":"gw1","event":"stop","prev":"%s"}' % (seq, prev)
        prev = hashlib.sha256(line.encode()).hexdigest()
        out.write(line + "\n")
        if seq == 1500:
            out.flush()
            time.sleep(1.5)
PY
}
slow & GW_PIDS="$GW_PIDS $!"
out=$(python3 tests/support/on_terminal.py root /usr/sbin/sallyport audit verify "$GW/slow")
check 'on a terminal a long one shows how far it is' '~2048 records' "$out"
check 'and then what it found' '~3000 records, seq 1 to 3000, chain holds' "$out"
slow & GW_PIDS="$GW_PIDS $!"
check 'and nothing where there is none' '3000 records, seq 1 to 3000, chain holds' "$(sallyport audit verify "$GW/slow" 2>&1)"
check 'a cut end breaks nothing without an anchor' 0 "$(sallyport audit verify "$GW/log/cut" >/dev/null; echo $?)"
tail -n 1 "$GW/log/audit.jsonl" >"$GW/last"
printf '%s %s\n' "$(grep -o '"seq":[0-9]*' "$GW/last" | cut -d: -f2)" "$(hash_of "$GW/last")" >"$GW/anchor.last"
check 'with one it shows' '~cut at the end of' "$(sallyport audit verify --anchor "$GW/anchor.last" "$GW/log/cut")"
check 'and is a finding' 1 "$(sallyport audit verify --anchor "$GW/anchor.last" "$GW/log/cut" >/dev/null; echo $?)"
check 'an anchor that is missing is no finding' 75 "$(sallyport audit verify --anchor /nonexistent >/dev/null 2>&1; echo $?)"
gzip -k "$yesterday" && rm "$yesterday"
check 'a file that was compressed is read' '~in 2 files, seq 2 to ' "$(sallyport audit verify 2>&1)"
truncate -s -5 "$yesterday.gz"
check 'half of one is not whole' 75 "$(sallyport audit verify >/dev/null 2>&1; echo $?)"
# The store knows how far the log was, also behind the last OTP.
gw_daemon_stop
gw_daemon
gw_wait 15 grep -q '"event":"start"' $LOG/audit.jsonl
sleep 4 # it is told at the start, as soon as all is up
touch "$GW/no-restart" # for what follows: no other one, whose records would be in between
kill -9 "$(cat "$GW/daemon.pid")"
gw_daemon_stop
gw_wait 20 sh -c '! pgrep -f ^/usr/libexec/sallyport/' # the recorder has written its last
cp -p $LOG/audit.jsonl "$GW/whole"
head -n -2 "$GW/whole" >$LOG/audit.jsonl
GW_UP_BY='sallyport show' gw_daemon
is_noticed() { sallyport status | grep -q 'the log cut'; }
gw_wait 20 is_noticed
check 'a log that is cut behind the last OTP is noticed at the start' '~was the log cut' "$(sallyport status)"
check 'no OTP is verified then' '' "$(gw_talk anne webdev:2222 2>/dev/null)"
finish
