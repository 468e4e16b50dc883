#!/bin/bash
# One gateway with much of everything: 3,000 VMs, 200 users with 50,000 lines of
# vm_mappings, 1,000 connections, 2,000 channels of one user: `make bench-scale`. In a
# disposable copy. The connections are those that a restarted daemon finds in its folder;
# what stands for sshd's processes sleeps. Time is the supervisor's own (CPU), and the
# longest that somebody else, who asks it something every 2 ms, waits for his answer.
#
#   VMS=N USERS=N LINES=N CONNS=N CHANNELS=N   how much of each; IDLE=SECONDS
#   LIMITS=no   shows the figures and compares nothing
set -u
VMS=${VMS:-3000} USERS=${USERS:-200} LINES=${LINES:-50000} CONNS=${CONNS:-1000} CHANNELS=${CHANNELS:-2000} IDLE=${IDLE:-5}
[ -e /run/sallyport-sandbox ] || { echo "runs in the disposable copy only"; exit 77; }
OUT=$(mktemp -d /tmp/bench.XXXXXX)
ulimit -n "$(ulimit -Hn)"
getent group vmusers >/dev/null || groupadd vmusers
id vmhost >/dev/null 2>&1 || useradd -r -s /usr/sbin/nologin vmhost
python3 bench/scale/scale.py "$OUT" "$BUILD" "$VMS" "$USERS" "$LINES" "$CONNS" "$CHANNELS" "$IDLE" "${LIMITS:-yes}"
rc=$?
rm -rf "$OUT"
exit $rc
