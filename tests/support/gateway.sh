# shellcheck shell=bash
# What the demo needs besides the gateway of tests/e2e/lib.sh: real SPICE servers,
# and SSH connections that stay open while others are tried.
#
#   gw_qemu VM               from now on VM's spice is QEMU's
#   gw_hold USER NAME ARG…   ssh as USER, kept open in the background under NAME
#   gw_over NAME ARG…        one more ssh over the connection NAME
#   gw_release NAME          ends it
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

gw_hold() { # USER NAME ARG…
	local user=$1 name=$2
	shift 2
	GW_TIMEOUT=600 gw_ssh "$user" -N -M -S "$GW/$name.ctl" "$@" >>"$GW/$name.log" 2>&1 </dev/null &
	echo $! >"$GW/$name.hold"
	gw_wait 60 ssh -F none -S "$GW/$name.ctl" -O check "$user@127.0.0.1"
}

gw_over() { # NAME ARG…
	local name=$1
	shift
	timeout "${GW_TIMEOUT:-60}" ssh -F none -o LogLevel=ERROR -S "$GW/$name.ctl" "$@" 127.0.0.1
}

gw_release() { # NAME
	ssh -F none -S "$GW/$1.ctl" -O exit 127.0.0.1 2>/dev/null || true
	wait "$(cat "$GW/$1.hold")" 2>/dev/null || true
}

gw_admin() { # USER COMMAND…: one who is not asked for an OTP
	local user=$1
	shift
	GW_OTP=/dev/null GW_ASKED="$GW/asked" SSH_ASKPASS="$GW/askpass" SSH_ASKPASS_REQUIRE=force \
		timeout "${GW_TIMEOUT:-60}" ssh -F none -i "$GW/$user.key" -o IdentitiesOnly=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		"$user@127.0.0.1" "$@"
}
