#!/bin/bash
# `ssh gw connect VM RIGHT` against the endpoint that it stands for, `ssh -W`: over the same
# SSH connection, to the same target, in turn, against limits. `make bench-connect`; in a
# disposable copy.
#   ROUNDS=N (20)  TRIPS=N (2000)  MIB=N (256)
#   LIMITS=no   shows the figures and compares nothing (for trying it)
set -u
# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh
gw_backends() {
	setpriv --reuid vmhost --regid vmhost --clear-groups python3 bench/relay/connect.py serve & GW_PIDS="${GW_PIDS:-} $!"
	gw_wait 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/21003'
}
gw_policy() {
	gw_conf
	printf '[vm webdev]\n' >/etc/sallyport/vms.conf
	printf 'service.%s = tcp:127.0.0.1:%s\n' echo 21001 source 21002 sink 21003 >>/etc/sallyport/vms.conf
	gw_grants 'anne webdev echo,source,sink always'
}
gw_start >"$GW/start" 2>&1 || { cat "$GW/start" >&2; gw_stop; exit 1; }
GW_TIMEOUT=900 gw_ssh anne -c aes128-gcm@openssh.com -N -M -S "$GW/ctl" >/dev/null 2>&1 </dev/null &
gw_wait 20 ssh -F none -S "$GW/ctl" -O check x || { echo "no connection" >&2; gw_stop; exit 1; }
python3 bench/relay/connect.py measure "$GW/ctl" "${ROUNDS:-20}" "${TRIPS:-2000}" "${MIB:-256}" "${LIMITS:-yes}"
rc=$?
ssh -F none -S "$GW/ctl" -O exit x 2>/dev/null
gw_stop
exit $rc
