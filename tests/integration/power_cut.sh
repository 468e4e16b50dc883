#!/bin/bash
# Power cuts at random moments of a session of recorder and key store, over
# rotations: of what was not flushed, a random half of the sectors and names is left.
# Whatever was answered is there, the chain holds, no OTP passes twice or is sent twice
# to a validation service, no recovery code twice. On a disk that loses flushed writes
# the same check must fail. CUTS=100 is the long form.
# timeout: 600
# long: 600 CUTS=100
set -eu
die() { echo "$*"; exit 1; }
cuts=${CUTS:-8}
BUILD=$(cd "${BUILD:-build}" && pwd)
W=/var/power-cut
rm -rf $W
mkdir -p $W/live/log $W/live/store
for account in record verify; do
	id _sallyport-$account >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-$account
done
gcc -D_GNU_SOURCE -I. -shared -fPIC -o $W/shim.so tests/support/preload/cut_shim.c
session() { # ROUNDS
	"$BUILD/tests/log_driver" session "$BUILD/recorder" $W/live/log "$1" \
		"$BUILD/verify" $W/live/store/verify $W/live/store/key 2>>$W/errors ||
		die "the session failed: $(tail -n 5 $W/errors)"
}
chmod 750 $W/live/log
session 0
for part in log store/verify; do
	mkdir -p "$(dirname "$W/base/$part")"
	cp -a $W/live/$part "$W/base/$part"
	find $W/live/$part -maxdepth 1 -printf '%i %P\n' | sed 's/ $/ ./' >"$W/base/$part.inodes"
done
truncate -s 256M $W/cut.log
LD_PRELOAD=$W/shim.so CUT_LOG=$W/cut.log session "${ROUNDS:-40}"

# One cut: 0 if nothing is missing.
cut() { # WHERE SEED [ignore]
	rm -rf $W/out
	for part in log store/verify; do
		mkdir -p $W/out/$part
		chmod --reference=$W/base/$part $W/out/$part
		chown --reference=$W/base/$part $W/out/$part
		"$BUILD/tests/cut_replay" $W/cut.log $W/base/$part $W/out/$part "$1" "$2" $W/acks ${3:+"$3"}
	done
	chown -R root:adm $W/out/log
	chmod -R u=rw,g=r,o= $W/out/log/*
	chown -R --reference=$W/base/store/verify $W/out/store/verify
	chmod 600 $W/out/store/verify/* 2>/dev/null || true
	cp -a $W/live/store/key $W/out/store/key
	"$BUILD/tests/log_driver" check "$BUILD/recorder" $W/out/log $W/acks \
		"$BUILD/verify" $W/out/store/verify $W/out/store/key >$W/said 2>&1
}

RANDOM=7
rounds=${ROUNDS:-40}
for ((i = 1; i <= cuts; i++)); do
	case $((i % 4)) in
	0) at=r$((1 + RANDOM % (rounds * 20))) ;;
	1) at=a$((1 + RANDOM % (rounds * 3))) ;;
	*) at=w$((1 + RANDOM % (rounds / 4))) ;;
	esac
	cut $at $i || die "a cut at $at (seed $i): $(cat $W/said)"
done
echo "ok $cuts power cuts: nothing that was answered is missing ($(tail -n 1 $W/said) at the last)"
missed=0 claims=0 codes=0
for i in 1 2 3; do
	cut a$((i * 30)) $i ignore || missed=$((missed + 1))
	! grep -q "may be sent again: ccccccbcgujh" $W/said || claims=$((claims + 1))
	! grep -q "a used code is not spent" $W/said || codes=$((codes + 1))
done
[ $missed = 3 ] || die "a disk that loses flushed writes was not noticed ($missed of 3)"
[ $claims != 0 ] || die "nor by a claim"
[ $codes != 0 ] || die "nor by a recovery code"
echo "ok a disk that loses flushed writes is noticed, by claims and codes as well"
rm -rf $W
