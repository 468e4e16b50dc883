#!/bin/bash
# More endpoints than the daemon has descriptors: some VMs have none, which is told by file,
# line, VM and remedy; who comes in, and the other VMs, notice nothing.
# timeout: 120
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
MANY=100 # with three listening sockets each
gw_many() {
	local i
	for i in $(seq $MANY); do
		printf '[vm many%03d]\nservice.raw = unix:/run/vms/a\nservice.web = tcp:127.0.0.1:8080\n' "$i"
	done >>/etc/sallyport/vms.conf
}
gw_users; gw_keys; gw_policy; cp /etc/sallyport/vms.conf "$GW/few"; gw_many
gw_backends || finish
GW_UP_BY='sallyport key list' # the key store, too; status is never content
limit=$(ulimit -Hn)
ulimit -n 256
gw_daemon || { fail "the gateway did not start"; finish; }
ulimit -n "$limit"
gw_import >/dev/null; gw_hosts; gw_sshd || finish

gw_wait 15 grep -q LimitNOFILE "$GW/daemon.log"
check 'told once, with file, line, VM and remedy' 1 "$(grep -cE 'vms.conf:[0-9]+: .* of VM many0[0-9]+ .*LimitNOFILE=' "$GW/daemon.log")"
sallyport status >"$GW/status"; check '  status is not well' 1 $?
check '  and says how many listen' '~192 of ' "$(grep endpoints "$GW/status")"
check 'a login and a channel to one of the first' '~HELLO' "$(gw_talk anne webdev:2222)"
check '  by its Unix socket, too' '~HELLO' "$(gw_talk_unix anne /run/sallyport/vm/webdev/raw)"
check 'the last in the file has no endpoint' no "$([ -S /run/sallyport/vm/many$MANY/raw ] && echo yes || echo no)"
cp "$GW/few" /etc/sallyport/vms.conf
gw_reload >"$GW/reload" 2>&1 || fail "reload: $(cat "$GW/reload")"
gw_well() { sallyport status >"$GW/status"; }
gw_wait 15 gw_well && pass 'with fewer VMs all listen again' || fail "status: $(cat "$GW/status")"
check '  nothing else could not be opened' '' "$(grep 'cannot be opened' "$GW/daemon.log")"
check 'a channel, after it' '~HELLO' "$(gw_talk_unix anne /run/sallyport/vm/webdev/raw)"
finish
