"""Plays the supervisor for virt --qmp, against scripted servers (qmp_server.py). Each
defence is a case; prints "ok …" or "FAIL …". virt_driver.py VIRT FOLDER"""
import array, os, select, signal, socket, struct, subprocess, sys, threading, time

VIRT, FOLDER = sys.argv[1:3]
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "qmp_server.py")
READY, OPEN, OPENED, WATCH, CHANGED, DIAL, QMP = 50, 190, 191, 192, 193, 194, 195
SPICE, VNC, SERIAL = 1, 2, 3
FAILED, OK, UNREACHABLE, ABSENT, OFF, REFUSED, BUSY, LATE = range(8)
failed = 0


class Stalls(threading.Thread):
    """How long this machine let nobody here run. Whoever asks for seconds asks without."""
    total = 0.0

    def run(self):
        while True:
            began = time.monotonic()
            time.sleep(0.02)
            late = time.monotonic() - began - 0.02
            if late > 0.05:
                self.total += late


stalls = Stalls(daemon=True)
stalls.start()


def check(what, holds, more=""):
    global failed
    failed += not holds
    print(("ok    " if holds else "FAIL  ") + what + ("" if holds else f" {more}"), flush=True)


def text(s):
    return struct.pack(">H", len(s)) + s.encode()


class Helper:
    def __init__(self):
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def child():
            os.dup2(theirs.fileno(), 3)

        prefix = ["strace", "-f", "-o", os.environ["VIRT_STRACE"]] if "VIRT_STRACE" in os.environ else []
        self.proc = subprocess.Popen(prefix + [VIRT, "--qmp"], preexec_fn=child, pass_fds=[3], close_fds=True,
                                     stdin=subprocess.DEVNULL)
        theirs.close()
        self.next, self.states, self.servers, self.auto = 0, {}, {}, {}
        self.answers = {}
        self.get(lambda: self.ready, 60)

    ready = False

    def send(self, kind, id_, body, fds=()):
        message = struct.pack(">BBI", 1, kind, id_) + body
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.sock.sendmsg([message], anc)

    def take(self, timeout):
        if not select.select([self.sock], [], [], timeout)[0]:
            return False
        data, anc, _, _ = self.sock.recvmsg(65536, socket.CMSG_LEN(8))
        if not data:
            raise SystemExit("FAIL  the helper ended")
        kind, id_ = struct.unpack(">BBI", data[:6])[1:]
        body, fds = data[6:], array.array("i")
        for _, _, raw in anc:
            fds.frombytes(raw)
        if kind == READY:
            self.ready = True
        elif kind == OPENED:
            self.answers[id_] = (body[0], socket.socket(fileno=fds[0]) if fds else None, time.monotonic())
        else:
            n = struct.unpack(">H", body[:2])[0]
            name = body[2:2 + n].decode()
            if kind == CHANGED:
                self.states[name] = body[2 + n]
            elif kind == DIAL:
                self.dial(name)
        return True

    def dial(self, name):
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(name)
            s.setblocking(False)
            self.send(QMP, 0, text(name) + b"\1", [s.fileno()])
        except OSError:
            self.send(QMP, 0, text(name) + b"\0")
        s.close()

    def get(self, done, timeout):
        end = time.monotonic() + timeout
        while not done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.take(min(left, 0.2))
        return True

    def watch(self, names):
        self.send(WATCH, 0, b"\3" + struct.pack(">H", len(names)) + b"".join(map(text, names)))

    def ask(self, name, what=SPICE, ms=1500):
        self.next += 1
        self.send(OPEN, self.next, bytes([what]) + text(name) + struct.pack(">I", ms))
        return self.next

    def open(self, name, what=SPICE, ms=1500):
        """(status, console socket, seconds)"""
        stalled = stalls.total
        began, id_ = time.monotonic(), self.ask(name, what, ms)
        if not self.get(lambda: id_ in self.answers, ms / 1000 + 60):
            return (None, None, 99)
        status, sock, when = self.answers.pop(id_)
        time.sleep(0.03)  # what stalled us is noticed by then
        return (status, sock, when - began - (stalls.total - stalled))

    def open_good(self, name, what=SPICE):
        """The same where nothing is wrong: as long as it takes."""
        return self.open(name, what, 30000)


def start(mode):
    path = os.path.join(FOLDER, mode)
    proc = subprocess.Popen([sys.executable, SERVER, path, mode])
    for _ in range(3000):
        if os.path.exists(path):
            break
        time.sleep(0.02)
    return path, proc


def spice_answers(s):
    s.settimeout(60)
    s.sendall(b"REDQ")
    return s.recv(4) == b"REDQ"


def line(s):
    s.settimeout(60)
    data = b""
    while not data.endswith(b"\n"):
        c = s.recv(1)
        if not c:
            break
        data += c
    return data.decode().strip()


modes = ["good", "hang", "drip", "endless", "flood", "nonsense", "deep", "refuse", "mute", "close", "wrongid", "early", "pause"]
servers = {m: start(m) for m in modes}
path = {m: servers[m][0] for m in modes}
h = Helper()
nobody = os.path.join(FOLDER, "nobody")
h.watch(list(path.values()) + [nobody])
check("a good server: running", h.get(lambda: h.states.get(path["good"]) == 1, 60), h.states)
with open(path["good"] + ".count") as f:
    connected = f.read()
status, sock, took = h.open_good(path["good"])
check("  a console", status == OK and spice_answers(sock), (status, took))
status, sock, took = h.open_good(path["good"], VNC)
check("  by VNC", status == OK and line(sock) == "RFB 003.008", (status, took))
check("  no serial", h.open_good(path["good"], SERIAL)[0] == REFUSED)
status, sock, took = h.open_good(os.path.join(FOLDER, "unlisted"))
check("what is not in the list is not opened", status == FAILED and sock is None, status)
status, sock, took = h.open_good(nobody)
check("nobody there", status == UNREACHABLE and took < 5, (status, took))
for mode, expected in [("hang", [LATE]), ("drip", [LATE]), ("endless", [UNREACHABLE]), ("nonsense", [UNREACHABLE, LATE]),
                       ("deep", [UNREACHABLE, LATE]), ("refuse", [REFUSED]), ("mute", [LATE]), ("close", [UNREACHABLE]),
                       ("wrongid", [UNREACHABLE]), ("early", [UNREACHABLE, LATE])]:
    status, sock, took = h.open(path[mode])
    check(f"{mode}: told so in time", status in expected and sock is None and took < 5, (status, took))
    status, sock, took = h.open_good(path["good"])
    check(f"  and another's console opens at once", status == OK and took < 5, (status, took))

# All bad ones at once, and a good one among them.
asked = [h.ask(p, ms=8000) for m, p in path.items() if m not in ("good", "pause", "flood")]
slow = 0
for _ in range(50):
    status, sock, took = h.open_good(path["good"])
    slow = max(slow, took)
    if status != OK:
        check("a good one among bad ones", False, status)
check("50 consoles while all others misbehave, the slowest long before their time", slow < 5, slow)
check("every question has one answer", h.get(lambda: all(i in h.answers for i in asked), 60))
for i in asked:
    h.answers.pop(i)

status, sock, took = h.open(path["flood"], ms=3000)
check("a flood of events: dropped, or answered in time", status in (OK, UNREACHABLE, LATE) and took < 8, (status, took))
with open(f"/proc/{h.proc.pid}/stat") as f:
    fields = f.read().rsplit(")", 1)[1].split()
before, began = int(fields[11]) + int(fields[12]), time.monotonic()
h.get(lambda: False, 2)


def connections():
    with open(path["flood"] + ".count") as f:
        return int(f.read() or 0)


h.get(lambda: connections() > 1, 60)
with open(f"/proc/{h.proc.pid}/stat") as f:
    fields = f.read().rsplit(")", 1)[1].split()
spent = (int(fields[11]) + int(fields[12]) - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)
check("  its connection was ended", connections() > 1, connections())
check("  and costs little: %.0f %% of a core" % (100 * spent), spent < 0.3)

asked = [h.ask(path["hang"], ms=8000) for _ in range(80)]
check("80 questions to one that hangs", h.get(lambda: all(i in h.answers for i in asked), 60))
busy = sum(h.answers[i][0] == BUSY for i in asked)
check("  those over 64 are refused at once", busy == 16, busy)

check("running", h.get(lambda: h.states.get(path["pause"]) == 1, 60))
for event, state in (("STOP", 2), ("RESUME", 1), ("SHUTDOWN", 3), ("RESET", 3), ("RESUME", 1)):
    with open(path["pause"] + ".tmp", "w") as f:
        f.write(event)
    os.rename(path["pause"] + ".tmp", path["pause"] + ".state")
    check(f"  {event}", h.get(lambda: not os.path.exists(path["pause"] + ".state"), 60) and
          h.get(lambda: h.states.get(path["pause"]) == state, 60), h.states.get(path["pause"]))
servers["pause"][1].kill()
check("  the server is gone: shut off", h.get(lambda: h.states.get(path["pause"]) == 3, 60))
start("pause")
check("  and comes again: running", h.get(lambda: h.states.get(path["pause"]) == 1, 100))

h.watch([path["good"]])
check("out of the list: not opened any more", h.open_good(path["pause"])[0] == FAILED)
check("  in it: as before", h.open_good(path["good"])[0] == OK)
with open(path["good"] + ".count") as f:
    check("one connection to the good one all the time", f.read() == connected)
status = open(f"/proc/{h.proc.pid}/status").read()
check("its system calls are filtered", "Seccomp:\t2" in status)
h.sock.close()
check("it ends with the supervisor", h.proc.wait(60) == 0)
for _, proc in servers.values():
    proc.kill()
sys.exit(1 if failed else 0)
