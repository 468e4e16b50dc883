# shellcheck shell=bash
# What the demo needs besides the gateway of tests/e2e/lib.sh: real SPICE servers, and a
# user who is not asked for an OTP.
#
#   gw_qemu VM               from now on VM's spice is QEMU's
#   gw_admin USER COMMAND…   ssh as somebody who is not asked for an OTP

# shellcheck source=tests/e2e/lib.sh
. tests/e2e/lib.sh

# A machine whose processor never starts is enough: SPICE answers all the same.
gw_qemu() { # VM
	local path=/run/vms/$1.spice
	rm -f "$path"
	setpriv --reuid vmhost --regid vmhost --clear-groups --no-new-privs \
		qemu-system-x86_64 -name "$1" -machine pc,accel=tcg -m 32 -nodefaults -no-user-config \
		-S -vga qxl -display none -spice "unix=on,addr=$path,disable-ticketing=on" \
		>"$GW/qemu-$1.log" 2>&1 </dev/null &
	GW_PIDS="$GW_PIDS $!"
}

gw_admin() { # USER COMMAND…: one who is not asked for an OTP
	local user=$1
	shift
	GW_OTP=/dev/null GW_ASKED="$GW/asked" SSH_ASKPASS="$GW/askpass" SSH_ASKPASS_REQUIRE=force \
		timeout "${GW_TIMEOUT:-60}" ssh -F none -i "$GW/$user.key" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		"$user@127.0.0.1" "$@"
}
