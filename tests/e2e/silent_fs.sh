#!/bin/bash
# A user's program whose executable, or whose descriptor, lies on a file system that
# answers nothing any more: it keeps nobody waiting but himself.
# timeout: 200
. tests/e2e/lib.sh
[ -c /dev/fuse ] || mknod /dev/fuse c 10 229
chmod 666 /dev/fuse
gw_start || { fail "the gateway did not start"; finish; }
mkdir -m 777 "$GW/silent"
chmod 755 "$GW"
cat >"$GW/silent/knock.py" <<'PY'
"""Asks at shell.sock, from an executable and with a descriptor that nobody answers for."""
import os, socket, struct, sys, time
ready = sys.argv[1]
open(ready + ".waits", "w").close()
while not os.path.exists(ready):
    time.sleep(0.1)
for fds in ([], [os.open("/proc/self/exe", os.O_RDONLY)]):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("/run/sallyport/shell.sock")
    ask = struct.pack(">BBIBBHHIH", 1, 140, 1, 1, 3, 0, 0, 0, 0)
    socket.send_fds(s, [ask], fds)
    s.settimeout(9)
    try:
        said = s.recv(4096)
    except ConnectionResetError:
        said = b""
    print("told" if said else "closed", len(fds), flush=True)
PY
setpriv --reuid anne --regid anne --init-groups unshare -Um --map-root-user --keep-caps \
	python3 tests/support/silent_fs.py "$GW/silent/fs" "$GW/silent/ready" \
	'{x}' -I -S "$GW/silent/knock.py" "$GW/silent/ready" >"$GW/silent/out" 2>&1 &
pid=$!
gw_wait 30 test -e "$GW/silent/ready" || { wait $pid; cat "$GW/silent/out"; echo "skipped: users have no file systems of their own here" >&2; gw_stop; exit 77; }
gw_wait 10 grep -q 'd 1' "$GW/silent/out" # both have asked
check "the daemon answers meanwhile" 0 "$(timeout -s KILL 10 sallyport status >/dev/null; echo $?)"
check "and a login passes" "HELLOEND 5" "$(gw_talk maggie books:2222)"
wait $pid
check "who asks from there is refused" "~told 0" "$(cat "$GW/silent/out")"
check "who passes a descriptor, too" "~d 1" "$(cat "$GW/silent/out")"
finish
