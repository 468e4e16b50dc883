#!/bin/bash
# A store on a full disk: nothing is accepted, and all is well once there is space.
set -eu
. tests/support/verify.sh

verify_start_over
mkdir "$STORE"
mount -t tmpfs -o size=300k,mode=700 verify-full "$STORE"
trap 'umount -l "$STORE"; rm -rf "$T"' EXIT

"$BUILD/tests/yk" new "$T/full.yk" >"$T/full.csv"
id=$(cut -d, -f2 "$T/full.csv")
press() { "$BUILD/tests/yk" press "$T/full.yk"; }
fill() { dd if=/dev/zero of="$STORE/filler" bs=4k 2>/dev/null || true; }

first=$(press)
out=$(printf '%s\n' "import $T/full.csv" "otp $first $id" | verify_talk)
has "$out" "^OK $id " "with space, an OTP is accepted"

# The disk fills up while verify runs.
mkfifo "$T/full.in"
verify_talk <"$T/full.in" >"$T/full.out" 2>&1 &
exec 9>"$T/full.in"
for _ in $(seq 1000); do grep -q READY "$T/full.out" && break; sleep 0.05; done
fill
second=$(press)
echo "otp $second $id" >&9
echo end >&9
exec 9>&-
wait $!
out=$(cat "$T/full.out")
has "$out" "^FAILED $id " "without space, the answer is FAILED"
has "$out" '^EXIT 1$' "and verify ends, to begin anew"
has "$out" '^verify: store: .*(full|disk I/O)' "and says why"

# Started on the full disk.
third=$(press)
out=$(printf '%s\n' "otp $first $id" "otp $third $id" | verify_talk 2>&1)
if grep -q '^OK ' <<<"$out"; then
	# Emptying its log at the start may have given it the space for this one.
	fill
	out=$(printf '%s\n' "otp $first $id" "otp $(press) $id" | verify_talk 2>&1)
fi
never "started on the full disk, it accepts nothing" grep '^OK ' <<<"$out"

rm "$STORE/filler"
out=$(printf '%s\n' "otp $first $id" "otp $(press) $id" "import $T/full.csv" | verify_talk)
has "$out" "^REPLAYED $id 1/0 " "with space again, the spent OTP is still spent"
has "$out" "^OK $id " "and a new one is accepted"
has "$out" '^1 known already' "and no key was lost"
