# Sourced by relay.sh: how quick the processor was while a figure was taken.
#
# A virtual machine's processor may be half of a core whose other half is somebody else's:
# for seconds at a time everything there is a half slower, whoever is measured, and a median
# tells how busy the host was. A round trip between two processes, which are none of those
# that are measured, shows it (pace.c): each figure waits for a quick moment, and has beside
# it the slower one of the round trips before it and after it. table.py leaves out those of
# slow moments, of all contenders alike.
#
#   PACE_S=S   so long that may take, in all (default 900; 0: figures are taken as it comes)
# shellcheck shell=bash
PACE_LEFT_MS=$((${PACE_S:-900} * 1000))
PACE_MOST_MS=20000 # for one figure
PACE='' PACE_BEST='' PACE_WAS_SLOW=''

pace() { # as pace.c's; to PACE
	PACE=$(taskset -c "$PIN" "$BENCH/pace" "$@")
	PACE_BEST=$(printf '%s\n' "$PACE" $PACE_BEST | sort -g | head -n 1)
}
pace_most() { # a quick one's
	awk -v best="$PACE_BEST" 'BEGIN { print best * 1.35 }'
}
pace_before() {
	local began=${EPOCHREALTIME/./} most=$((PACE_LEFT_MS < PACE_MOST_MS ? PACE_LEFT_MS : PACE_MOST_MS))
	[ -n "$PACE_BEST" ] || pace best $most
	pace await "$(pace_most)" $most
	PACE_LEFT_MS=$((PACE_LEFT_MS - (${EPOCHREALTIME/./} - began) / 1000))
	[ $PACE_LEFT_MS -gt 0 ] || PACE_LEFT_MS=0
}
pace_after() {
	local before=$PACE
	pace now
	PACE=$(printf '%s\n' "$before" "$PACE" | sort -g | tail -n 1)
	PACE_WAS_SLOW+=$(awk -v pace="$PACE" -v most="$(pace_most)" 'BEGIN { if (pace > most) print "yes" }')
}
