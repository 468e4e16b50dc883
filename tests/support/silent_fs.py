"""A file system of an ordinary user's that at some point answers nothing any more.

usage: silent_fs.py FOLDER READY COMMAND...

Mounts it, in namespaces of its own, at FOLDER/low and below an overlay at FOLDER/top:
one executable, x, a copy of Python. COMMAND runs ({x} in it is the executable) and makes
READY.waits; then nothing is answered, and READY is made. Ends after 20 s, and with it the silence.
Exit 77 where this kernel gives users no such thing. Header of the protocol:
linux/fuse.h.
"""
import ctypes
import os
import stat
import struct
import sys
import threading
import time

folder, ready, command = sys.argv[1], sys.argv[2], sys.argv[3:]
low, top, empty = (os.path.join(folder, name) for name in ("low", "top", "empty"))
libc = ctypes.CDLL(None, use_errno=True)
content = open(os.path.realpath(sys.executable), "rb").read()
GETATTR, LOOKUP, OPEN, OPENDIR, READ, INIT, STATFS = 3, 1, 14, 27, 15, 26, 17
RELEASE, RELEASEDIR, FORGET, FLUSH = 18, 29, 2, 25
is_silent = False
# Not by subprocess: its child executes while all threads wait, and asks one of them.


def mount(source, target, kind, options):
    if libc.mount(source, target.encode(), kind, 0, options.encode()) != 0:
        print(f"{kind.decode()} cannot be mounted: {os.strerror(ctypes.get_errno())}")
        os._exit(77)


def attributes(node):
    mode = stat.S_IFDIR | 0o755 if node == 1 else stat.S_IFREG | 0o755
    size = 0 if node == 1 else len(content)
    return struct.pack("<6Q10I", node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(op, node, body):
    """The answer's bytes, or an errno."""
    if op == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 12, 10, 65536, 1, 16, 0, *[0] * 8)[:64]
    if op == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if op == LOOKUP:
        return struct.pack("<4Q2I", 2, 0, 3600, 0, 0, 0) + attributes(2) if body == b"x\0" else 2
    if op in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 1, 0, 0)
    if op == READ:
        _, offset, size = struct.unpack_from("<2QI", body)
        return content[offset:offset + size]
    if op == STATFS:
        return struct.pack("<5Q10I", 9, 9, 9, 9, 9, 4096, 255, 4096, 0, *[0] * 6)
    return b"" if op in (RELEASE, RELEASEDIR, FLUSH) else 38


def serve(fd):
    while True:
        message = os.read(fd, 1 << 18)
        _, op, unique, node = struct.unpack_from("<2I2Q", message)
        if op == FORGET or is_silent and op in (GETATTR, FLUSH):
            continue
        said = answer(op, node, message[40:])
        error, data = (-said, b"") if isinstance(said, int) else (0, said)
        os.write(fd, struct.pack("<IiQ", 16 + len(data), error, unique) + data)


for path in (low, top, empty):
    os.makedirs(path, exist_ok=True)
try:
    device = os.open("/dev/fuse", os.O_RDWR)
except OSError as error:
    print(f"/dev/fuse: {error.strerror}")
    sys.exit(77)
mount(b"silent", low, b"fuse", f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other")
threading.Thread(target=serve, args=(device,), daemon=True).start()
mount(b"overlay", top, b"overlay", f"lowerdir={low}:{empty}")
child = os.spawnv(os.P_NOWAIT, top + "/x", [word.replace("{x}", top + "/x") for word in command])
for _ in range(200):  # it runs, and waits for READY
    if os.path.exists(ready + ".waits"):
        break
    time.sleep(0.1)
is_silent = True
open(ready, "w").close()
deadline = time.monotonic() + 20
while time.monotonic() < deadline and os.waitpid(child, os.WNOHANG)[0] == 0:
    time.sleep(0.1)
os._exit(0)
