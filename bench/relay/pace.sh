# Sourced by relay.sh: how quick the processor was while a figure was taken.
#
# A virtual machine's processor may be half of a core whose other half is somebody else's:
# for seconds at a time everything there is a half slower, whoever is measured, and a median
# tells how busy the host was. A round trip between two processes, which are none of those
# that are measured, shows it (pace.c): each figure waits for a quick moment, and has beside
# it the slower one of the round trips before it and after it. table.py leaves out those of
# slow moments, of all contenders alike.
#
#   PATIENCE=S   so long that may take, in all (default 900; 0: figures are taken as it comes)
# shellcheck shell=bash
PATIENCE=${PATIENCE:-900}
PACE_MOST_MS=20000 # for one figure
PACE_BEST='' PACE=

pace() { taskset -c "$PIN" "$BENCH/pace" "$@"; }
pace_learn() { PACE_BEST=$(pace best $((PATIENCE < 20 ? PATIENCE * 1000 : PACE_MOST_MS))); }
pace_is_quick() { # table.py's QUICK
	awk -v pace="$PACE" -v best="$PACE_BEST" 'BEGIN { exit !(pace <= best * 1.35) }'
}
pace_before() {
	local began=${EPOCHREALTIME/./} most=$((PATIENCE < PACE_MOST_MS / 1000 ? PATIENCE * 1000 : PACE_MOST_MS))
	[ -n "$PACE_BEST" ] || pace_learn
	PACE=$(pace await "$(awk -v best="$PACE_BEST" 'BEGIN { print best * 1.35 }')" $most)
	PATIENCE=$((PATIENCE - (${EPOCHREALTIME/./} - began + 500000) / 1000000))
	[ $PATIENCE -gt 0 ] || PATIENCE=0
}
pace_after() {
	PACE=$(printf '%s\n' "$PACE" "$(pace now)" | sort -g | tail -n 1)
}
