#!/bin/bash
# How verify starts and ends: rights, files, key file, predecessor, bad messages.
set -eu
. tests/support/verify.sh

mode() { stat -c '%U %a' "$1"; }

verify_start_over
out=$(verify_talk </dev/null 2>&1)
has "$out" '^READY 0 0$' "it starts without a store"
has "$out" '^EXIT 0$' "it ends when the supervisor has gone"
has "$(mode "$KEK")" '^root 400$' "its key file is root's, 0400"
has "$(mode "$STORE")" '^_sallyport-verify 700$' "its folder is its account's, 0700"
has "$(mode "$STORE/keys.db")" '^_sallyport-verify 600$' "its store is 0600"
that "it leaves nothing else behind" [ "$(find "$STORE" -mindepth 1)" = "$STORE/keys.db" ]

cp -a "$KEK" "$KEK.kept"
rm "$KEK"
out=$(verify_talk </dev/null 2>&1)
has "$out" 'key file .* is missing' "a store without its key file: it says so"
has "$out" '^EXIT 78$' "and ends with 78"
that "and makes no new one" [ ! -e "$KEK" ]

head -c 32 /dev/urandom >"$KEK"
chmod 444 "$KEK"
has "$(verify_talk </dev/null 2>&1)" '^EXIT 78$' "a key file that others can read is refused"
chmod 400 "$KEK"
"$BUILD/tests/yk" new "$T/start.yk" >"$T/start.csv"
id=$(cut -d, -f2 "$T/start.csv")
otp=$("$BUILD/tests/yk" press "$T/start.yk")
out=$(printf '%s\n' "otp $otp $id" "import $T/start.csv" | verify_talk 2>&1)
has "$out" '^FAILED ' "with another store's key file, every OTP fails"
has "$out" '^nothing imported: the store is broken' "and nothing is imported"
mv "$KEK.kept" "$KEK"

# A backup that is put back can't be seen from inside: the sequence tells.
verify_talk <<<"import $T/start.csv" >/dev/null 2>&1
cp -a "$STORE" "$STORE.backup"
otp=$("$BUILD/tests/yk" press "$T/start.yk")
has "$(verify_talk <<<"otp $otp $id")" '^OK .* seq 1$' "an OTP is the store's first"
has "$(verify_talk </dev/null)" '^READY 1 1$' "the next start tells the supervisor 1"
rm -r "$STORE"
mv "$STORE.backup" "$STORE"
has "$(verify_talk </dev/null)" '^READY 0 0$' "an old copy of the store tells 0"

chown daemon "$STORE"
has "$(verify_talk </dev/null 2>&1)" 'belongs to another account' "another account's folder is refused"
chown _sallyport-verify "$STORE"

# One after the other: the next waits for its predecessor, but not for ever.
stays() { # one that is ready, and stays until 9 is closed
	: >"$T/start.out"
	verify_talk <"$T/start.in" >"$T/start.out" 2>&1 9>&- &
	exec 9>"$T/start.in"
	for _ in $(seq 1000); do ! grep -q READY "$T/start.out" || return 0; sleep 0.05; done
	echo "FAILED: the predecessor does not start"
	exit 1
}
mkfifo "$T/start.in"
stays
verify_talk </dev/null >"$T/next.out" 2>&1 9>&- & next=$!
sleep 0.5
exec 9>&-
wait $next
has "$(cat "$T/next.out")" '^READY' "it waits for a predecessor that is about to end"
wait
stays
began=$SECONDS
out=$(verify_talk </dev/null 2>&1)
has "$out" 'another process holds' "of a predecessor that stays it complains"
that "within seconds" [ $((SECONDS - began)) -le 20 ]
exec 9>&-
wait

for message in 01 0132 ff3c00000001 01ff00000001 013f000000010003 013c00000001 0140000000010001780000 013e0000000100; do
	out=$(verify_talk 2>&1 <<<"raw $message
end")
	has "$out" '^EXIT 1$' "the malformed message $message ends it"
	has "$out" 'malformed' "with words"
done
out=$("$BUILD/verify" --store "$STORE" --key "$KEK" 3<&- 2>&1 || echo "EXIT $?")
has "$out" '^EXIT 64$' "by hand it does not start"
has "$out" 'is started by sallyportd' "and says how"
