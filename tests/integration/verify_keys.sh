#!/bin/bash
# Keys: import from files and pipes, the list in pages, disabling.
set -eu
. tests/support/verify.sh

verify_start_over
yk=$BUILD/tests/yk
for n in 1 2 3 4; do "$yk" new "$T/k$n.yk" >"$T/k$n.csv"; done
id=$(cut -d, -f2 "$T/k1.csv")
cat "$T/k1.csv" "$T/k2.csv" >"$T/two.csv"
{ "$yk" line "$T/k1.yk"; cat "$T/k3.csv"; } >"$T/third.csv"
"$yk" new "$T/other.yk" --public "$id" >"$T/other.csv"

out=$(verify_talk <<EOT
dry $T/two.csv
list
import $T/two.csv
import $T/other.csv
import $T/third.csv
otp $("$yk" press "$T/k1.yk") $id
import $T/k1.csv
list
import /dev/null
disable $id
disable $id
otp $("$yk" press "$T/k1.yk") $id
disable vvvvvvvvvvvv
list
EOT
)
has "$out" '^2 keys would be imported \(dry run\)$' "a dry run tells"
has "$out" '^2 keys imported$' "an import tells"
has "$out" "^line 1: key $id is in the store already, with another secret" "a known key is not imported over"
has "$(tr '\n' ';' <<<"$out")" ';1 key imported;1 known already: left as it is;' "a file that has grown is taken again"
has "$out" "^OK $id 1/0 seq 1" "an imported key opens"
has "$out" "^$id active 1/0 serial [0-9]+$" "its counter stands after another import"
has "$out" '^keys are read from a file or a pipe only$' "a device is no key file"
has "$out" "^DISABLED $id " "a disabled key does not open"
has "$out" '^there is no such key$' "an unknown key cannot be disabled"
has "$out" "^$id disabled 1/1 " "the list shows it disabled, and the OTP spent"
# Those of dry, two imports of three, and disable twice; the active keys: 3 and 2.
that "disabling twice is no error" [ "$(grep -c '^DONE 0$' <<<"$out")" = 6 ]
that "a failed import leaves nothing behind" [ "$(grep -c " active " <<<"$out")" = 5 ]

# Logins go on while the writer of a pipe takes its time.
id=$(cut -d, -f2 "$T/k2.csv")
mkfifo "$T/slow.csv"
{ # until the second import was told so
	for _ in $(seq 1000); do ! grep -q 'another import' "$T/slow.out" || break; sleep 0.02; done
	cat "$T/k4.csv"
} >"$T/slow.csv" &
: >"$T/slow.out"
verify_talk >"$T/slow.out" <<EOT
start $T/slow.csv
otp $("$yk" press "$T/k2.yk") $id
dry $T/k3.csv
done
EOT
wait
has "$(tr '\n' ';' <"$T/slow.out")" "OK $id.*another import is under way.*1 key imported" \
	"while a pipe is slow, OTPs are judged and a second import waits its turn"

# 5,000 keys: more than one page.
awk 'BEGIN { for (i = 0; i < 5000; i++) {
	id = sprintf("%05d", i); gsub("1", "b", id); gsub("0", "c", id); gsub("2", "d", id)
	gsub("3", "e", id); gsub("4", "f", id); gsub("5", "g", id); gsub("6", "h", id)
	gsub("7", "i", id); gsub("8", "j", id); gsub("9", "k", id)
	printf "%d,tttttt%sr,0102030405ff,%032x,,2026-11-21T01:32:57,\n", i + 1, id, i + 1 } }' >"$T/many.csv"
out=$(printf '%s\n' "import $T/many.csv" list | verify_talk)
has "$out" '^5000 keys imported$' "5,000 keys are imported"
that "and listed" [ "$(grep -c '^tttttt[a-z]* active 0/0 serial ' <<<"$out")" = 5000 ]
that "each once" [ "$(grep '^tttttt' <<<"$out" | sort -u | wc -l)" = 5000 ]

truncate -s 17M "$T/huge.csv"
has "$(verify_talk <<<"import $T/huge.csv")" '^nothing imported: more than 16 MiB$' \
	"more than 16 MiB are refused"

# Neither the store nor the log shows a secret.
cut -d, -f3 "$T/k2.csv" >"$T/secrets"
cut -d, -f4 "$T/k2.csv" >>"$T/secrets"
sed -n 's/../\\x&/gp' "$T/secrets" >"$T/bytes"
out=$({ cat "$T/k2.csv"; echo "x"; } >"$T/half.csv"; verify_talk <<<"import $T/half.csv" 2>&1)
has "$out" '^nothing imported: 1 wrong line' "a known key and a wrong line"
never "no secret in the report" grep -if "$T/secrets" <<<"$out"
never "nor in the store as text" grep -raif "$T/secrets" "$STORE"
while read -r bytes; do
	never "nor as bytes" env LC_ALL=C grep -raP "$bytes" "$STORE"
done <"$T/bytes"

# A key near the end of its counter is told of, at once and at each start; the last OTP
# that it has works once.
"$yk" new "$T/old.yk" >"$T/old.csv"
old=$(cut -d, -f2 "$T/old.csv")
out=$(verify_talk 2>&1 <<EOT
import $T/old.csv
otp $("$yk" press "$T/old.yk" --at 32511 3) $old
otp $("$yk" press "$T/old.yk" --at 32512 3) $old
worn
otp $("$yk" press "$T/old.yk" --at 32767 255) $old
worn
otp $("$yk" press "$T/old.yk" --at 32767 255) $old
otp $("$yk" press "$T/old.yk" --at 32767 0) $old
EOT
)
has "$out" "^WORN 1 $old$" "a key near its end is told of"
has "$out" "^verify: key $old is nearly worn out" "on the log as well"
has "$out" "^OK $old 32767/255 " "its last OTP is accepted"
that "once, and no other behind it" [ "$(grep -c "^REPLAYED $old" <<<"$out")" = 2 ]
has "$(verify_talk <<<worn)" "^WORN 1 $old$" "and again after a start"

# The same text again that is no OTP: a slot with a static password.
out=$(verify_talk 2>&1 <<EOT
worn
otp ${id}cccccccccccccccccccccccccccccccc $id
otp ${id}cccccccccccccccccccccccccccccccc $id
EOT
)
has "$out" "^verify: the same text.*owner of $id: .*static password" "a static password is hinted at"
that "when it comes again" [ "$(grep -c 'static password' <<<"$out")" = 1 ]
