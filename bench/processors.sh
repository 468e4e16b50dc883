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
