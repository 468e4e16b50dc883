#!/bin/bash
# The recorder on a full file system: opens are refused at once, ends are written,
# denials are counted; and it recovers.
# timeout: 60
set -eu

id _sallyport-record >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin _sallyport-record
mkdir -p /tmp/recorder_full
mount -t tmpfs -o size=8M,mode=755 recorder-full /tmp/recorder_full ||
	{ echo "no tmpfs can be mounted here"; exit 77; }
trap 'umount -l /tmp/recorder_full' EXIT
"$BUILD/tests/recorder_driver" full "$BUILD/recorder" /tmp/recorder_full/audit.jsonl \
	/tmp/recorder_full/filler
mkdir -m 750 /tmp/recorder_full/log
"$BUILD/tests/log_driver" full "$BUILD/recorder" /tmp/recorder_full/log /tmp/recorder_full/filler
