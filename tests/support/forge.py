"""Says to shell.sock what sallyport-shell would not; run as a gated user below sshd,
or with "root" as root, or with "crowd N" as many who stay. Prints a line for each
that was refused, then "done"."""
import resource
import socket
import struct
import sys
import time

PATH = "/run/sallyport/shell.sock"


def talk(data, wait=30):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(wait)
    try:
        s.connect(PATH)
        s.send(data)
        return s.recv(65536)
    except (ConnectionError, PermissionError):
        return b""


def is_alive(s):
    try:
        return s.recv(1, socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def message(kind, body=b"", version=1):
    return struct.pack(">BBI", version, kind, 1) + body


def text(s):
    return struct.pack(">H", len(s)) + s


def begin(ask, flags=0, command=b"", length=None):
    return message(140, struct.pack(">BB", ask, flags) + text(b"") + text(b"") +
                   struct.pack(">I", len(command) if length is None else length) + text(command))


def kind(answer):
    return answer[1] if answer else 0


if sys.argv[1:] == ["root"]:
    print("closed" if talk(begin(4)) == b"" else "answered")
    sys.exit(0)
if len(sys.argv) > 1:
    held, count = [], int(sys.argv[2])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = count + 100 if most == resource.RLIM_INFINITY else min(count + 100, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for _ in range(count):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect(PATH)
        held.append(s)
        if len(held) > most - 100:
            held.pop(0)
    end = time.monotonic() + 20
    while True:  # until the daemon has seen all of them
        held = [s for s in held if is_alive(s)]
        if len(held) <= 64 or time.monotonic() > end:
            break
        time.sleep(0.1)
    time.sleep(0.5)
    print("crowded", sum(map(is_alive, held)), flush=True)
    time.sleep(20)
    sys.exit(0)

cases = [
    ("granted, as the daemon would say", message(7), 0),
    ("a plan, as the daemon would say", message(144, struct.pack(">B", 1)), 0),
    ("an accepted OTP of the verify helper", message(61, struct.pack(">B", 1)), 0),
    ("open_session of the PAM module", message(4, text(b"sshd") + text(b"maggie") + text(b"") * 2 + b"\0"), 0),
    ("a reload of the CLI", message(24, b"\0"), 0),
    ("an OTP that nobody asked for", message(141, text(b"c" * 44)), 143),
    ("another version", message(140, version=2), 143),
    ("a message without a header", b"\x01", 0),
    ("fields missing", message(140, b"\x01"), 0),
    ("bytes left over", begin(4) + b"x", 0),
    ("a command longer than said", begin(2, 0, b"abc", 1), 0),
    ("an unknown question", begin(99), 143),
    ("64 KiB of nothing", message(140, b"\0" * 65000), 0),
]
good = True
for what, data, expected in cases:
    got = kind(talk(data))
    if got == expected:
        print("ok", what)
    else:
        good = False
        print("BAD", what, "got", got)
print("done" if good else "not all")
