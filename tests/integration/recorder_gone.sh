#!/bin/bash
# The recorder when its flush fails, and when its supervisor is killed: no answer for what
# may not be on disk, and nothing lost that was sent.
# timeout: 60
set -eu

id _sallyport-record >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-record
work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
gcc -shared -fPIC -o "$work/flush_fails.so" tests/integration/flush_fails.c
mkdir -m 750 "$work/flush" "$work/killed"
LD_PRELOAD=$work/flush_fails.so "$BUILD/tests/recorder_gone" flush "$BUILD/recorder" "$work/flush/audit.jsonl"
for _ in {1..20}; do
	rm -f "$work"/killed/*
	"$BUILD/tests/recorder_gone" killed "$BUILD/recorder" "$work/killed/audit.jsonl" >"$work/said" ||
		{ cat "$work/said"; exit 1; }
done
cat "$work/said"
