# Sourced by benches: which processors what they measure runs on.
#
# Where a process that is woken runs on another processor than its waker, that alone can
# cost more than the work that is measured, and differs from machine to machine and from
# hour to hour: where they wake each other, all that takes part runs on one, the same for
# all.
#
#   PIN=N   that processor (default: the last); PIN=no: as it comes
# shellcheck shell=bash disable=SC2034 # OTHER: for who sources this
ALL=$(taskset -cp $$ | sed 's/.*: //')
PIN=${PIN:-${ALL##*[,-]}}
OTHER=${ALL%%[,-]*} # of what would run on another machine
[ "$PIN" != no ] || PIN=$ALL OTHER=$ALL

on_processors() { # LIST: all that runs in the copy, and what it starts from here on
	local process
	for process in /proc/[0-9]*; do taskset -acp "$1" "${process#/proc/}" >/dev/null 2>&1; done
}

# A virtual machine's processor that has nothing to do is given back to the host, and is cold
# when it is given again: what is done 300 times a second costs three times as much then, and
# a half more in one minute than in the next, whoever does it. The kernel is asked to wait
# instead of halting (PM QoS, as cyclictest does), until this script's end.
stay_awake() { # FOLDER
	local minor
	minor=$(awk '$2 == "cpu_dma_latency" { print $1 }' /proc/misc)
	if ! grep -qsvx none /sys/devices/system/cpu/cpuidle/current_driver || [ -z "$minor" ] ||
		! mknod "$1/latency" c 10 "$minor"; then
		echo "-- processors halt where they have nothing to do, and are measured cold" >&2
		return
	fi
	# Nobody's child: who waits for all of them would wait for it.
	({ printf '\0\0\0\0' >&7; exec tail -f --pid=$$ /dev/null; } 7<>"$1/latency" &)
}
