# shellcheck shell=bash
# tests/e2e/lib.sh for the booted copy: systemd starts the daemon. Sourced by what
# runs inside (tests/support/booted_*.sh).

touch /run/sallyport-sandbox
# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh
# shellcheck source=tests/support/gateway.sh
. tests/support/gateway.sh

gw_daemon() { # systemd instead of a loop of our own
	systemd-sysusers
	systemd-tmpfiles --create sallyport.conf
	systemctl daemon-reload
	systemctl restart sallyportd || { journalctl -u sallyportd --no-pager | tail -20; return 1; }
	gw_wait 60 sallyport status
}
gw_daemon_stop() { systemctl stop sallyportd; }
# shellcheck disable=SC2034 # read by lib.sh
GW_LOOP=systemd
systemctl stop ssh 2>/dev/null

main_pid() { systemctl show -p MainPID --value sallyportd; }
# property NAME: of the unit
property() { systemctl show -p "$1" --value sallyportd; }
# The unit's journal, with what was said just now.
journal() {
	journalctl --sync
	journalctl -u sallyportd --no-pager
}
keeps() { [ "$(property NFileDescriptorStore)" = "$1" ]; } # N: descriptors in systemd's store
helpers_up() { local said; said=$(sallyport status) && ! grep -q DOWN <<<"$said"; }
# Another main process than PID runs, and answers, and so do its helpers.
is_back() {
	local n
	n=$(main_pid)
	[ "$n" != 0 ] && [ "$n" != "$1" ] && helpers_up
}
gw_back() { gw_wait "$1" is_back "$2"; } # SECONDS PID
# drop_in LINE…: into [Service] until taken away
drop_in() {
	mkdir -p /run/systemd/system/sallyportd.service.d
	{ echo '[Service]'; printf '%s\n' "$@"; } >/run/systemd/system/sallyportd.service.d/test.conf
	systemctl daemon-reload
}
no_drop_in() {
	rm -f /run/systemd/system/sallyportd.service.d/test.conf
	systemctl daemon-reload
}

gw_start || {
	journalctl -u sallyportd --no-pager | tail -30
	echo "the gateway did not start"
	gw_stop
	exit 1
}
