#!/bin/bash
# Services other than sshd: the real sudo, su and login ask for an OTP, and get an OTP's
# verdict and nothing else. With otp_in_password, too.
# timeout: 400
. tests/e2e/lib.sh
for need in sudo su login pamtester; do
	command -v $need >/dev/null || { echo "$need is missing"; exit 77; }
done
# shellcheck disable=SC2034 # read by lib.sh
GW_CONF="services = sudo su login sallytest"
gw_start >/dev/null || { fail "the gateway did not start"; finish; }
TTY=tests/support/on_terminal.py
unset PATIENCE

pam() { # SERVICE AUTH-LINES…: a whole file, the rest of which is Debian's
	local service=$1; shift
	{
		printf '%s\n' "$@"
		printf '@include common-account\nsession required pam_limits.so\n@include common-session-noninteractive\n'
	} >/etc/pam.d/"$service"
}
GATE="auth [success=done ignore=ignore default=die] pam_sallyport.so group=vmusers"
for s in sudo su login; do
	pam $s "$([ $s != su ] || echo 'auth sufficient pam_rootok.so')" "$GATE" "@include common-auth"
done
echo 'anne ALL=(ALL) ALL
fred ALL=(ALL) ALL
Defaults timestamp_timeout=0' >/etc/sudoers.d/sallytest
chmod 440 /etc/sudoers.d/sallytest
for u in anne maggie fred; do echo "$u:pw-$u" | chpasswd; done

# as USER COMMAND… on a terminal: what PROMPT=ANSWER pairs of $SAY say; prints what came
as() { local u=$1; shift; timeout 60 python3 $TTY "$u" "$@" 2>&1; }

O=$(gw_press anne)
out=$(SAY="YubiKey for anne: =$O" as anne sudo -k id -un)
check "sudo: the invoking user's OTP" "~root" "$out"
check "  and no password" 0 "$(grep -ci password <<<"$out")"
gw_logged 15 '"event":"otp"' '"user":"anne"' '"service":"sudo"' '"ruser":"anne"' '"tty":"/dev/pts/' '"verdict":"allow"' &&
	pass "  on record: service, terminal, who asked" || fail "  record: $(gw_log '"event":"otp"')"
check "  no connection on record, or made" "0 0" "$(gw_log '"service":"sudo"' '"conn"' | grep -c .) $(sallyport list connections | grep -c anne)"
check "sudo: the same OTP again" 0 "$(SAY="YubiKey for anne: =$O" as anne sudo -k id -un | grep -cx root)"
check "sudo: a password where the OTP is asked" 0 "$(SAY='YubiKey for anne: =pw-anne' as anne sudo -k id -un | grep -cx root)"
check "  is not on record, nor in the journal" 0 "$(grep -c pw-anne $AUDIT "$GW/daemon.log" | cut -d: -f2 | paste -sd+ | bc 2>/dev/null || grep -l pw-anne $AUDIT "$GW/daemon.log" | wc -l)"
check "sudo: one who is not gated, by password as before" "~root" "$(SAY='assword=pw-fred' as fred sudo -k id -un)"

O=$(gw_press anne)
check "su: the target's OTP, as it would be his password" "~anne" "$(SAY="YubiKey for anne: =$O" as fred su anne -c 'id -un')"
gw_logged 15 '"event":"otp"' '"user":"anne"' '"service":"su"' '"ruser":"fred"' '"verdict":"allow"' &&
	pass "  on record: who asked for whom" || fail "  record: $(gw_log '"service":"su"')"
check "su: maggie's OTP for anne" 0 "$(SAY="YubiKey for anne: =$(gw_press maggie)" as fred su anne -c 'id -un' | grep -cx anne)"
gw_logged 15 '"event":"otp"' '"ruser":"fred"' "not this user" && pass "  on record" || fail "  no record"
echo root:pw-root | chpasswd
check "su to root, who is not gated: his password" "~root" "$(SAY='assword=pw-root' as fred su root -c 'id -un')"
check "su by root: rootok, no OTP" "anne" "$(su anne -c 'id -un')"

O=$(gw_press anne)
check "login on a terminal" "~uid=$(id -u anne)" "$(SAY="YubiKey for anne: =$O|\$ =id; exit" as root login -p anne)"
gw_logged 15 '"event":"otp"' '"service":"login"' '"tty":"/dev/pts/' '"verdict":"allow"' && pass "  on record" || fail "  record: $(gw_log '"service":"login"')"
check "login: wrong OTP" 0 "$(SAY="YubiKey for anne: =cccccccccccc" as root login -p anne | grep -c 'uid=')"

# P3: what a terminal does to a prompt lets nobody in.
export PATIENCE=3 # some of them are never answered
for key in '\003 ^C' '\034 ^\' '\032 ^Z' '\004 ^D' '\025 ^U'; do
	check "P3 ${key#* } at the prompt of sudo" 0 "$(SAY="YubiKey for anne: =$(printf %b "${key%% *}")" as anne sudo -k id -un | grep -cx root)"
	check "P3 ${key#* } at the prompt of su" 0 "$(SAY="YubiKey for anne: =$(printf %b "${key%% *}")" as fred su anne -c 'id -un' | grep -cx anne)"
done
unset PATIENCE
out=$(SAY="YubiKey for anne: =" HANGUP=yes as anne sudo -k id -un)
check "P3 the terminal hangs up at the prompt" 0 "$(grep -cx root <<<"$out")"
gw_wait 15 bash -c "sallyport status | grep -q '^prompts *0 open'" && pass "  and no prompt stays open" || fail "  prompts: $(sallyport status | grep prompts)"

# Nothing of a connection comes of it: the user's own process reaches no endpoint.
O=$(gw_press anne)
before=$(gw_connects webdev)
out=$(SAY="YubiKey for anne: =$O" as fred su anne -c "timeout 15 python3 $REPO/tests/support/peer.py talk unix /run/sallyport/vm/webdev/raw; timeout 15 python3 $REPO/tests/support/peer.py talk tcp webdev 2222")
check "after an OTP in su, an endpoint: no byte" 0 "$(grep -c HELLO <<<"$out")"
check "  nor a connect of the back end" "$before" "$(gw_connects webdev)"

# Password and OTP in one line.
for s in sudo su login; do
	pam $s "auth [success=ok ignore=ignore default=die] pam_sallyport.so group=vmusers otp_in_password" \
		"auth required pam_unix.so try_first_pass"
done
check "otp_in_password, sudo" "~root" "$(SAY="Password and YubiKey for anne: =pw-anne$(gw_press anne)" as anne sudo -k id -un)"
check "  the password wrong, the OTP right" 0 "$(SAY="Password and YubiKey for anne: =pw-ann$(gw_press anne)" as anne sudo -k id -un | grep -cx root)"
check "  the password right, the OTP spent" 0 "$(SAY="Password and YubiKey for anne: =pw-anne$O" as anne sudo -k id -un | grep -cx root)"
check "  the password alone" 0 "$(SAY="Password and YubiKey for anne: =pw-anne" as anne sudo -k id -un | grep -cx root)"
check "  the OTP alone" 0 "$(SAY="Password and YubiKey for anne: =$(gw_press anne)" as anne sudo -k id -un | grep -cx root)"
check "  one who is not gated" "~root" "$(SAY='assword=pw-fred' as fred sudo -k id -un)"
check "otp_in_password, su" "~anne" "$(SAY="Password and YubiKey for anne: =pw-anne$(gw_press anne)" as fred su anne -c 'id -un')"
check "otp_in_password, login" "~uid=$(id -u anne)" "$(SAY="Password and YubiKey for anne: =pw-anne$(gw_press anne)|\$ =id; exit" as root login -p anne)"
check "no password in a log" 0 "$(cat $AUDIT "$GW/daemon.log" | grep -c pw-)"
# A module before us has asked for it already.
pam sallytest "auth required pam_unix.so" \
	"auth [success=ok ignore=ignore default=die] pam_sallyport.so group=vmusers otp_in_password"
check "otp_in_password behind pam_unix: its password has no OTP in it" "~Authentication failure" \
	"$(echo pw-anne | timeout 40 pamtester sallytest anne authenticate 2>&1)"

# Not among services =: no prompt, and account and session say no as well.
pam other-door "$GATE" "auth required pam_permit.so"
printf 'account required pam_sallyport.so group=vmusers\nsession required pam_sallyport.so group=vmusers\n' >>/etc/pam.d/other-door
for op in authenticate acct_mgmt open_session; do
	out=$(gw_press anne | timeout 40 pamtester other-door anne $op 2>&1) && fail "a service that is not listed, $op: $out" ||
		pass "a service that is not listed, $op: refused"
done
gw_logged 15 '"service":"other-door"' 'services =' && pass "  on record, with what to do" || fail "  no record: $(gw_log other-door)"
check "  check says so" "~other-door is not among services" "$(sallyport check 2>&1)"
# An sshd needs its connection whatever its service is called: its executable tells.
cp /usr/bin/pamtester "$GW/sshd"
sed -i "s|^services.*|&\nsshd = /usr/sbin/sshd $GW/sshd|" /etc/sallyport/sallyport.conf; gw_reload >/dev/null
pam sallytest "$GATE" "auth required pam_permit.so" # with no other reason to refuse
out=$(gw_press anne | timeout 40 "$GW/sshd" sallytest anne authenticate 2>&1) && fail "an sshd under a listed service's name: $out" ||
	pass "an sshd under a listed service's name: refused"
sed -i 's/^services.*/services = sudo sshd/' /etc/sallyport/sallyport.conf
check "services = sshd is a mistake" "~sshd is not among these" "$(sallyport check 2>&1)"

sed -i 's/^services.*/services = sudo su login sallytest/' /etc/sallyport/sallyport.conf; gw_reload >/dev/null
pam sallytest "$GATE" "auth required pam_permit.so"
printf 'account required pam_sallyport.so group=vmusers\naccount required pam_permit.so\nsession required pam_sallyport.so group=vmusers\nsession required pam_permit.so\n' >>/etc/pam.d/sallytest
check "account, session and credentials in a listed service are others' matter" "~successfully" \
	"$(gw_press anne | timeout 40 pamtester sallytest anne authenticate setcred acct_mgmt open_session close_session 2>&1 | tail -n 1)"
gw_daemon_stop
check "daemon down: sudo refuses the gated" 0 "$(SAY="YubiKey for anne: =$(gw_press anne)" as anne sudo -k id -un | grep -cx root)"
pam sudo "$GATE" "@include common-auth"
check "  and takes the others' passwords" "~root" "$(SAY='assword=pw-fred' as fred sudo -k id -un)"
finish
