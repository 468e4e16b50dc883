#!/bin/bash
# OTP results and sessions to the kernel's audit: what is sent is what aureport reads;
# a user's name can't forge a field; a writer that hangs or dies delays nothing.
# timeout: 60
set -eu
die() { echo "$*"; exit 1; }
driver=$BUILD/tests/recorder_driver
log=/var/log/recorder-test/audit.jsonl
id _sallyport-record >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-record
rm -rf /var/log/recorder-test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
recorder=$(readlink -f "$BUILD/recorder")
printf '#!/bin/sh\nexec strace -f -qq -s 500 -e trace=sendto,capset,setresuid -o %s/calls %s --kernel-audit "$@"\n' \
	"$work" "$recorder" >"$work/traced"
printf '#!/bin/sh\nexec %s --kernel-audit "$@"\n' "$recorder" >"$work/plain"
chmod 755 "$work" "$work/traced" "$work/plain"

cat >"$work/listen.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
s.bind((0, 1))  # what auditd would read
s.settimeout(300)
print("listening", flush=True)
with open(sys.argv[1], "wb") as out:
    try:
        while True:
            out.write(s.recv(8192) + b"\n")
            out.flush()
    except TimeoutError:
        pass
PY
heard=
if command -v strace >/dev/null; then
	coproc listen { exec python3 "$work/listen.py" "$work/heard" 2>/dev/null; }
	listener=$!
	read -r -t 60 _ <&"${listen[0]}" && heard=yes || true
	"$driver" kernel "$work/traced" $log >"$work/said" 2>/dev/null || die "$(cat "$work/said")"
	# Type in the order they were sent, and the text.
	sed -n 's/.*nlmsg_len=\([0-9]*\).*nlmsg_seq=\([0-9]*\).*}, "\(\\x[^"]*\)".*AF_NETLINK.*/\3/p' "$work/calls" |
		while read -r hex; do printf '%b\n' "${hex//\\x00/}"; done >"$work/sent"
	exe='exe="/usr/libexec/sallyport/recorder" hostname=? addr=192.0.2.7 terminal=ssh'
	cat >"$work/want" <<-WANT
	op=sallyport-otp acct="anne" $exe res=failed
	op=sallyport-otp acct="anne" $exe res=success
	op=sallyport-otp acct=$(printf '%s' 'mal\x0aory acct="root"\x1b[2J' | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F) $exe res=failed
	op=sallyport-session acct="anne" $exe res=success
	op=sallyport-session acct="anne" $exe res=success
	WANT
	diff "$work/want" "$work/sent" || die "the kernel was told something else: $(cat "$work/said")"
	[ "$(grep -c 'nlmsg_type=\(0x44c\|AUDIT_FIRST_USER_MSG\|AUDIT_USER_AUTH\)' "$work/calls")" = 3 ] || die "not USER_AUTH"
	echo "ok two results of OTPs, a session and its end are sent, and nothing else"
	echo "ok a name with a newline, an escape and a field of its own forges nothing"
	grep -q 'effective=1<<CAP_AUDIT_WRITE, permitted=1<<CAP_AUDIT_WRITE, inheritable=0' "$work/calls" ||
		die "capabilities: $(grep capset "$work/calls")"
	echo "ok its writer keeps CAP_AUDIT_WRITE alone"
	kill "$listener" 2>/dev/null || true
	wait "$listener" 2>/dev/null || true
fi
"$driver" stuck "$work/plain" $log || die "a writer that hangs"
if [ -z "$heard" ] || ! grep -qa sallyport-otp "$work/heard"; then
	echo "SKIPPED: this kernel's audit is off or not to be heard here: that it passes on what it is sent was not seen"
fi
