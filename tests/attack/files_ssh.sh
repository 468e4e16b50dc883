#!/bin/bash
# Out of a file transfer's walls, through sshd, sallyport-shell and the daemon: the attempts of
# tests/attack/files.sh by the protocol, once more.
# timeout: 120
# long: 200 RACE_SECONDS=4
# shellcheck disable=SC2034 # variables of lib.sh
. tests/e2e/lib.sh
export GW BUILD
. tests/support/files.sh
. tests/support/files_outside.sh
FILES_USERS=anne
files_policy() {
	printf '[vm %s]\nfolder = /srv/vms/%s\n\n' webdev webdev books books vault vault >/etc/sallyport/vms.conf
	printf 'anne %s always\n' 'webdev sftp' 'books sftp' 'vault sftp:ro' >/etc/sallyport/vm_mappings
	gw_yubikeys anne
}
files_start || { fail "the gateway did not start"; cat "$GW/daemon.log"; finish; }
outside_lay_out
python3 tests/support/files_escape.py "through sshd" many writes \
	ssh -F none -o LogLevel=ERROR -S "$GW/anne.ctl" -s x sftp || FAILED=$((FAILED + 1))
files_stop
finish
