#!/bin/bash
# The module in awkward programs (P1-P14) and under awkward answers (U1-U10): it says no,
# it does not crash, and it leaves nothing behind. By tests/support/pam_talk.c, in a
# service other than sshd. The cases' numbers: tests/attack/CASES.md.
# timeout: 180
. tests/e2e/lib.sh
TALK=$BUILD/tests/pam_talk
[ -x "$TALK" ] || { echo "$TALK is missing (make support)"; exit 1; }
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="services = sallytest
layouts = dvorak colemak"
export GW_DEBUG=1
gcc -shared -fPIC -o /usr/lib/"$(gcc -dumpmachine)"/libnss_hang.so.2 tests/e2e/nss_hang.c
gcc -shared -fPIC -D_GNU_SOURCE -O1 -o "$GW/fault.so" tests/attack/fault.c -ldl || exit 1
gw_start >/dev/null || { fail "the gateway did not start"; finish; }
id nokey >/dev/null 2>&1 || useradd -G vmusers nokey
module() { # ARGUMENTS of the module
	cat >/etc/pam.d/sallytest <<-PAM
	auth    [success=done ignore=ignore default=die] pam_sallyport.so $*
	auth    required pam_permit.so
	account [success=done ignore=ignore default=die] pam_sallyport.so $*
	account required pam_permit.so
	PAM
}
module group=vmusers
talk() { timeout 60 "$TALK" "$@" 2>"$GW/says"; }
auth() { # PAM's code, of options and user; each from elsewhere: a wrong one delays no other
	talk --rhost "test-$((RANDOM * 32768 + RANDOM))" "${@:1:$#-1}" sallytest "${@: -1}" authenticate | sed -n 's/^authenticate: //p' | paste -sd' '
}
code() { check "$1" "$2" "$(auth "${@:3}")"; }
fresh() { gw_press "${1:-anne}"; }
spent_after() { # OTP: is it spent?
	[ "$(auth --answer "$1" anne)" = PAM_AUTH_ERR ] && grep -q spent "$GW/says"
}

code "the control: a fresh OTP" PAM_SUCCESS --answer "$(fresh)" anne
code "  one who is not gated" PAM_SUCCESS fred

# --- what was typed
code "U1 an empty line" PAM_AUTH_ERR anne
code "U1 a response of NULL" PAM_CONV_ERR --null anne
code "U1 end of file: the conversation fails" PAM_CONV_ERR --conv-error anne
for n in 43 45 64 127 128 129 511 512 513 65536; do
	head -c $n /dev/zero | tr '\0' c >"$GW/long"
	code "U2 $n characters of modhex" PAM_AUTH_ERR --answer-file "$GW/long" anne
done
code "U2 an OTP at the end of 65,536 characters" PAM_AUTH_ERR --answer-file <(head -c 65492 /dev/zero | tr '\0' c; fresh) anne
for bytes in '\303\251\303\251' '\377\376\200' '\033[2J' '\r\n' '\001\002\177'; do
	code "U2 bytes like $bytes" PAM_AUTH_ERR --answer "$(printf %b "$bytes")" anne
	code "U2   and in an OTP" PAM_AUTH_ERR --answer "$(fresh | cut -c1-20)$(printf %b "$bytes")$(fresh | cut -c21-)" anne
done
code "U3 capital letters" PAM_SUCCESS --answer "$(fresh | tr a-z A-Z)" anne
code "U3 a Dvorak keyboard" PAM_SUCCESS --answer "$(fresh | tr cbdefghijklnrtuv jxe.uidchtnbpygk)" anne
code "U3 a Colemak keyboard" PAM_SUCCESS --answer "$(fresh | tr cbdefghijklnrtuv cbsftdhuneikpglv)" anne
code "U3 blanks and a line end around it" PAM_SUCCESS --answer " $(fresh)	 " anne
code "U4 the id and 20 characters" PAM_AUTH_ERR --answer "$(fresh | cut -c1-32)" anne
gw_logged 20 'not an OTP' '"user":"anne"' && pass "U4   is not an OTP by its form" || fail "U4   record: $(gw_log not)"
for tail in '&status=OK' '%00' '#' ';' $'\r\nstatus=OK' ' ok'; do
	O=$(fresh)
	code "U5 an OTP and $(printf %q "$tail")" PAM_AUTH_ERR --answer "$O$tail" anne
done
code "U5   which alone was good" PAM_SUCCESS --answer "$O" anne
O=$(fresh)
code "U6 the 32 characters without the id" PAM_AUTH_ERR --answer "${O: -32}" anne
code "U6 48 characters" PAM_AUTH_ERR --answer "cccc$O" anne
for n in 0 1 2 10 11 14 16; do
	code "U6 an id of $n characters" PAM_AUTH_ERR --answer "$(head -c "$n" /dev/zero | tr '\0' v)${O: -32}" anne
done
code "U6   the OTP as it was" PAM_SUCCESS --answer "$O" anne
O=$(fresh maggie)
code "U7 another user's OTP" PAM_AUTH_ERR --answer "$O" anne
code "U7   which is spent by that" PAM_AUTH_ERR --answer "$O" maggie
O=$(fresh)
code "U8 an OTP" PAM_SUCCESS --answer "$O" anne
code "U8   a second time" PAM_AUTH_ERR --answer "$O" anne
O=$(fresh)
check "U8   8 times at once: accepted" 1 "$(talk --threads 8 --answer "$O" sallytest anne authenticate | grep -c PAM_SUCCESS)"
O=$(fresh)
kill -STOP "$(cat "$GW/daemon.pid")"
talk --answer "$O" sallytest anne authenticate >"$GW/lost" & T=$!
sleep 0.3; kill -CONT "$(cat "$GW/daemon.pid")"; wait $T
check "U8   the daemon slept meanwhile: the answer comes late, or there is none" 1 "$(grep -c '^authenticate: PAM_' "$GW/lost")"
spent_after "$O" && pass "U8   in both cases the OTP does not work again" || fail "U8   it does: $(cat "$GW/says")"
code "U9 the password at the OTP prompt" PAM_AUTH_ERR --answer 'My Secret Pass' anne
check "U9   is in no log, also not with --debug" 0 "$(cat $AUDIT "$GW/daemon.log" "$GW/sshd.log" | grep -c 'My Secret')"

# --- the process around the module
gw_daemon_stop; gw_daemon # who was wrong is forgotten
for limit in nofile=3 nofile=4 nofile=5 nofile=6 nofile=8 nofile=10 as=20971520; do
	check "P5 $limit: not let in without an OTP" 0 "$(auth --limit $limit anne | grep -c PAM_SUCCESS)"
	case $(auth --limit $limit anne) in # with 3 and 4 libpam itself cannot begin
	PAM_* | "no handle") pass "P5   nor crashed" ;;
	*) fail "P5   crashed" ;;
	esac
done
code "P5 nproc=1 (root is above it)" PAM_SUCCESS --limit nproc=1 --answer "$(fresh)" anne
code "P5 fsize=0" PAM_SUCCESS --limit fsize=0 --answer "$(fresh)" anne
code "P5 cpu=1" PAM_SUCCESS --limit cpu=1 --answer "$(fresh)" anne
code "P6 descriptors 0 to 2 closed, a good OTP" PAM_SUCCESS --close-std --answer "$(fresh)" anne
code "P6   none" PAM_AUTH_ERR --close-std anne
code "P6   one who is not gated" PAM_SUCCESS --close-std fred
code "P6 1,000 descriptors open, a good OTP" PAM_SUCCESS --open-fds 1000 --answer "$(fresh)" anne
code "P6   none" PAM_AUTH_ERR --open-fds 1000 anne
code "P4 SIGCHLD ignored by the caller" "PAM_SUCCESS PAM_SUCCESS" --ignore chld --times 2 fred
code "P4   with an OTP" PAM_SUCCESS --ignore chld --answer "$(fresh)" anne
code "P4 SIGPIPE ignored" PAM_SUCCESS --ignore pipe --answer "$(fresh)" anne
for mode in "" "--ignore pipe"; do # the daemon closes while the user still thinks
	# shellcheck disable=SC2086
	rm -f "$GW/thought"
	talk $mode --until "$GW/thought" --answer "$(fresh)" sallytest anne authenticate >"$GW/broken" & T=$!
	gw_wait 20 bash -c "sallyport status | grep -q '^prompts *1 open'" || fail "P4 no prompt"
	gw_daemon_stop; gw_daemon; touch "$GW/thought"; wait $T
	check "P4 the daemon goes at the prompt ${mode:-(SIGPIPE would kill)}" "authenticate: PAM_AUTHINFO_UNAVAIL" "$(cat "$GW/broken")"
done
check "P7 the module reads no environment" 0 "$(nm -D "$BUILD/pam_sallyport.so" | grep -cE ' (getenv|secure_getenv|__environ|environ)')"
for e in http_proxy=x https_proxy=x LD_AUDIT= OPENSSL_CONF=/x RES_OPTIONS=debug HOSTALIASES=/x LOCPATH=/x TZ=:/etc/shadow BASH_ENV=/x IFS=x LC_ALL=tr_TR.UTF-8; do
	out=$(env "$e" "$TALK" --rhost "$e" sallytest anne authenticate 2>/dev/null)
	[ "$out" = "authenticate: PAM_AUTH_ERR" ] || fail "P7 with $e: $out"
done
pass "P7, P12 proxies, loader, resolver, locale, time zone in the environment: nothing changes"
fresh >"$GW/answer" # by file: the arguments would be in memory, too
check "P10 after the call the OTP is nowhere in memory" "found 0 times" "$(talk --scan --answer-file "$GW/answer" sallytest anne authenticate | tail -n 1)"
check "P10   nor is a wrong one" "found 0 times" "$(talk --scan --answer-file "$GW/answer" sallytest anne authenticate | tail -n 1)"
echo "a long password$(fresh)" >"$GW/answer"
module group=vmusers otp_in_password
check "P10   nor password and OTP in one line" "authenticate: PAM_SUCCESS found 0 times" \
	"$(talk --scan --answer-file "$GW/answer" sallytest anne authenticate | paste -sd' ')"
module group=vmusers
check "P11 two handles at once, one with its OTP" "PAM_SUCCESS PAM_AUTH_ERR" "$(auth --handles 2 --answer "$(fresh)" anne)"
check "P11 16 threads without an OTP" "16" "$(talk --threads 16 --times 3 --answer x sallytest nokey authenticate | grep -c PAM_USER_UNKNOWN | awk '{print $1/3}')"
check "P11 loaded and unloaded 200 times" 200 "$(talk --times 200 sallytest fred authenticate | grep -c PAM_SUCCESS)"

# --- the module's child, which asks NSS
cp /etc/nsswitch.conf "$GW/nsswitch.conf"
sed -i '/^group:/d; /^initgroups:/d' /etc/nsswitch.conf; echo 'group: files hang' >>/etc/nsswitch.conf
hang() { # USER: pam_talk ($T) whose child ($CHILD) hangs in NSS
	local try
	touch /run/nss-hang
	for try in 1 2 3 4 5; do # a child lives for two seconds: we may be slower
		"$TALK" sallytest "$1" authenticate >"$GW/killed" 2>"$GW/says" & T=$!
		CHILD=
		while kill -0 $T 2>/dev/null; do
			CHILD=$(pgrep -P $T) && return
			sleep 0.02
		done
		wait $T
	done
	fail "no child of the module to be seen in $try tries"
}
for signal in TERM HUP KILL XCPU XFSZ SEGV ABRT; do
	hang fred; kill -$signal $CHILD; rm -f /run/nss-hang; wait $T
	check "P1 its child killed by $signal: the user counts as gated" "authenticate: PAM_USER_UNKNOWN" "$(cat "$GW/killed")"
done
hang fred; kill -KILL $T; wait $T 2>/dev/null
gw_wait 30 bash -c "! kill -0 $CHILD" && pass "P2 its parent killed: the child ends by itself" || fail "P2 the child lives on"
hang fred; kill -STOP $T; sleep 0.3; kill -CONT $T; rm -f /run/nss-hang; wait $T
check "P4 stopped and gone on meanwhile: one code, and no crash" 1 "$(grep -c '^authenticate: PAM_' "$GW/killed")"
rm -f /run/nss-hang; cp "$GW/nsswitch.conf" /etc/nsswitch.conf

# --- each call of the module's failing once (P14)
groupadd elsewhere; usermod -aG elsewhere anne
for call in malloc socket connect getsockopt send receive poll fork pipe read waitpid; do
	struck=0 in=0 crashed=0
	# Of a group that the daemon does not ask about: the module looks for itself.
	[ $call != fork ] || module group=elsewhere
	for at in 1 2 3 4 5 6 7 8; do
		out=$(FAULT_CALL=$call FAULT_AT=$at FAULT_SAY=7 LD_PRELOAD=$GW/fault.so timeout 30 "$TALK" --rhost "$call-$at" --answer x sallytest anne authenticate 2>/dev/null 7>"$GW/struck")
		rc=$?
		[ -s "$GW/struck" ] || break
		struck=$((struck + 1))
		grep -q '^authenticate: PAM_SUCCESS' <<<"$out" && in=$((in + 1))
		[ $rc -le 1 ] || crashed=$((crashed + 1))
	done
	check "P14 $call failing, each in turn ($struck of them): let in, crashed" "0 0" "$in $crashed"
	[ $struck -gt 0 ] || fail "P14 $call was never reached"
done
module group=vmusers
# One who is not gated may be refused by that, but never the other way round.
check "P14   and without a fault" PAM_SUCCESS "$(LD_PRELOAD=$GW/fault.so auth --answer "$(fresh)" anne)"

# --- who cannot be asked is not ignored (M15)
code "M15 gated, and no key is mapped" PAM_USER_UNKNOWN nokey
gw_daemon_stop
code "M15 the daemon is down" PAM_AUTHINFO_UNAVAIL anne
check "L4 no OTP in a log, with --debug" 0 "$(cat $AUDIT "$GW/daemon.log" "$GW/sshd.log" | grep -cE "$(cat "$GW/anne.id")[cbdefghijklnrtuv]{32}")"
finish
