#!/bin/bash
# Recovery codes: each works once, also at the same time and after a restart; too many
# wrong ones void them; OTPs do not wait for them; the store shows no code.
# timeout: 120
set -eu
. tests/support/verify.sh

verify_start_over
yk=$BUILD/tests/yk
"$yk" new "$T/k1.yk" >"$T/k1.csv"
id=$(cut -d, -f2 "$T/k1.csv")

verify_talk >"$T/codes" <<EOT
import $T/k1.csv
codes anne 4
codes boss 2
EOT
mapfile -t anne < <(grep -E '^[0-9]+-' "$T/codes" | head -4)
mapfile -t boss < <(grep -E '^[0-9]+-' "$T/codes" | tail -2)
has "${anne[0]}" '^1(-[0-9A-HJKMNP-TV-Z]{4}){4}$' "a code is a number and 80 bits in groups"
that "six different ones" [ "$(grep -E '^[0-9]+-' "$T/codes" | cut -d- -f2- | sort -u | wc -l)" = 6 ]

sloppy=$(tr 'A-Z0' 'a-zO' <<<"${anne[1]}" | sed 's/-//2g')
out=$(verify_talk <<EOT
code anne ${anne[0]}
used
code anne ${anne[0]}
code anne $sloppy
used
code maggie ${anne[2]}
code boss ${anne[2]}
code anne 9${anne[2]:1}
otp $("$yk" press "$T/k1.yk") $id
list
EOT
)
has "$(head -2 <<<"$out" | tail -1)" '^CODE - 0/1 seq 1$' "a code is accepted"
has "$out" '^USED anne 1 left 3$' "and told of"
has "$out" '^CODE_SPENT ' "the same code again is not"
has "$out" '^CODE - 0/2 seq 2$' "typed without dashes, in small letters, O for 0"
has "$out" '^GARBLED ' "for who has no codes it is none"
has "$out" '^CODE_WRONG .*' "another user's code is wrong"
that "and so is a number that there is not" [ "$(grep -c '^CODE_WRONG' <<<"$out")" = 2 ]
has "$out" "^OK $id 1/0 seq 3$" "a code counts like an OTP in the store's sequence"

out=$(verify_talk <<EOT
used
used
code anne ${anne[0]}
told anne
list
EOT
)
has "$out" '^CODE_SPENT ' "after a restart it is spent still"
has "$out" '^USED anne 2 left 2$' "and told of again, until the user knows"
out=$(printf '%s\n' "code boss ${boss[0]}" used "told boss" list | verify_talk)
never "then no more" grep USED.anne <<<"$out"

# Eight times the same code at once: one gets in; OTPs go first meanwhile.
{ for _ in {1..8}; do echo "try anne ${anne[2]}"; done
	echo answer; echo used; for _ in {1..7}; do echo answer; done
	echo told anne; echo list; } >"$T/race.in"
out=$(verify_talk <"$T/race.in")
that "eight at once: one" [ "$(grep -c '^CODE - ' <<<"$out")" = 1 ]
that "and seven spent" [ "$(grep -c '^CODE_SPENT ' <<<"$out")" = 7 ]
out=$(verify_talk <<EOT
stop
try anne ${anne[3]}
try anne ${anne[3]}
try anne ${anne[3]}
try anne ${anne[3]}
try anne $("$yk" press "$T/k1.yk") $id
go
answer
answer
answer
answer
answer
told anne
list
EOT
)
that "an OTP does not wait for codes' scrypt" [ "$(grep -E '^(OK|CODE)' <<<"$out" | grep -n '^OK' | cut -d: -f1)" -lt 5 ]
has "$(grep -A 9 '^OK' <<<"$out")" '^CODE' "the last of which comes behind it"
has "$out" '^CODE - 0/4 ' "and one of them was accepted"

# Wrong ones: ten in a row, also over a restart, and his codes are void. Not his key.
wrong=2-0000-0000-0000-0000
verify_talk >"$T/codes" <<<"codes anne 3"
mapfile -t anne < <(grep -E '^[0-9]+-' "$T/codes")
for i in 1 2; do for _ in 1 2 3 4 5; do echo "code anne $wrong"; done | verify_talk >"$T/wrong$i"; done
that "ten wrong ones are wrong" [ "$(cat "$T"/wrong? | grep -c '^CODE_WRONG')" = 10 ]
out=$(verify_talk 2>&1 <<EOT
code anne ${anne[0]}
code anne $wrong
code boss ${boss[1]}
used
told boss
otp $("$yk" press "$T/k1.yk") $id
codes anne 1
EOT
)
that "then the right one is refused, too" [ "$(grep -c '^CODES_OFF' <<<"$out")" = 2 ]
has "$out" '^CODE - 0/2 ' "another user's are not void"
has "$out" "^OK $id " "nor is his key"
new=$(grep -E '^1-' <<<"$out")
out=$(verify_talk <<EOT
code anne $new
used
codes anne 0
code anne $new
EOT
)
has "$out" '^CODE - 0/1 ' "new codes end that"
has "$out" '^GARBLED ' "none at all: codes are no codes"

# A row that was changed is not believed, nor one of another user's put in its place.
verify_talk >"$T/codes" <<<"codes anne 2"
mapfile -t anne < <(grep -E '^[0-9]+-' "$T/codes")
python3 - "$STORE/keys.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE code SET user = 'boss', number = 3 WHERE user = 'anne' AND number = 1")
db.execute("UPDATE code SET created = created + 1 WHERE user = 'anne' AND number = 0")
db.commit()
PY
out=$(verify_talk 2>/dev/null <<EOT
code boss 3${anne[0]:1}
code anne ${anne[1]}
EOT
)
has "$out" '^CODE_WRONG ' "a row under another user's name is not believed"
has "$out" '^CODES_OFF ' "a tally that was changed counts as full"

never "no code is in the store" grep -raF -e "${anne[1]#*-}" -e "$(tr -d - <<<"${anne[1]#*-}")" "$STORE"
has "$(verify_talk <<<"recover 900 5"; verify_talk </dev/null)" '^READY 900 5$' \
	"a recovery sets the sequences, on disk"
has "$(verify_talk <<<"recover 7 6"; verify_talk </dev/null)" '^READY 900 6$' \
	"the store's own sequence never falls"
