"""connect.sh's target and its clients.

connect.py serve              echo, source and sink, at 127.0.0.1:21001 to 21003
connect.py measure CTL ROUNDS TRIPS MIB yes|no

A ratio is the median of the rounds' ratios: both sides of a round had the same weather.
Times whose ranges overlap and whose medians are less than 15 % apart are a tie, which
holds; so is a ratio whose limit lies within what its median is known to (95 %). Exit 1
when a limit is missed (never with "no").
"""
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# pylint: disable=wrong-import-position
from figures import Limits, bound, divided, is_tie, is_within, known_to, median, shown

PIECE = b"\0" * 65536
PORTS = {"echo": 21001, "source": 21002, "sink": 21003}
NAMES = ("-W", "connect")
PARTS = ("sallyport-shell", "sshd", "relay")


def echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)


def said(conn):
    """A number and a newline, and no byte more."""
    digits = b""
    while (digit := conn.recv(1)) not in (b"\n", b""):
        digits += digit
    return int(digits)


def source(conn):
    left = said(conn)
    while left > 0:
        conn.sendall(PIECE[:left])
        left -= len(PIECE)
    conn.recv(1)


def sink(conn):
    left = said(conn)
    while left > 0 and (data := conn.recv(min(left, 1 << 20))):
        left -= len(data)
    conn.sendall(b"%d\n" % left)
    conn.recv(1)


def one(what, conn):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with conn:
        try:
            what(conn)
        except (OSError, ValueError):
            pass


def serve():
    listeners = {socket.create_server(("127.0.0.1", PORTS[what.__name__])): what for what in (echo, source, sink)}

    def accept(s):
        while True:
            threading.Thread(target=one, args=(listeners[s], s.accept()[0]), daemon=True).start()
    threads = [threading.Thread(target=accept, args=(s,)) for s in listeners]
    for t in threads:
        t.start()


class Way:
    """An ssh in the middle: what is written to it arrives there."""
    def __init__(self, ctl, name, right):
        words = ["x", "connect", "webdev", right] if name == "connect" else ["-W", f"webdev:{PORTS[right]}", "x"]
        self.p = subprocess.Popen(["ssh", "-F", "none", "-S", ctl] + words, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, bufsize=0)
        self.to, self.back = self.p.stdin.fileno(), self.p.stdout.fileno()

    def send(self, data):
        while data:
            data = data[os.write(self.to, data):]

    def receive(self, n):
        while n > 0:
            got = len(os.read(self.back, min(n, 1 << 20)))
            if got == 0:
                sys.exit("connect.py: cut short")
            n -= got

    def end(self):
        self.p.stdin.close()
        self.p.stdout.read()
        self.p.wait()


class Cost:
    """Of the server's parts, since it was made: CPU in ns, and how often they waited."""
    def __init__(self, pids):
        self.pids, self.before = pids, {part: self.now(pid) for part, pid in pids.items()}

    @staticmethod
    def now(pid):
        with open(f"/proc/{pid}/schedstat") as stat, open(f"/proc/{pid}/status") as status:
            waits = next(line for line in status if line.startswith("voluntary_ctxt_switches"))
            return int(stat.read().split()[0]), int(waits.split()[1])

    def since(self, part):
        return [a - b for a, b in zip(self.now(self.pids[part]), self.before[part])]


def processes():
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                comm, rest = stat.read().split("(", 1)[1].rsplit(") ", 1)
        except OSError:
            continue
        found.setdefault(comm, []).append((int(pid), int(rest.split()[1])))
    return found


def parts():
    """The shell, where there is one, the sshd of the user's that it is below, and the relay."""
    found = processes()
    pids = {part: found[part][-1][0] for part in PARTS if found.get(part)}
    sshds = {parent for _, parent in found["sshd"]}
    pids["sshd"] = max(pid for pid, _ in found["sshd"] if pid not in sshds)
    return pids


def rtt(way, trips, size):
    data = b"x" * size
    times = []
    for _ in range(trips + 100):
        began = time.perf_counter()
        way.send(data)
        way.receive(size)
        times.append(time.perf_counter() - began)
    return statistics.median(times[100:]) * 1e6


def down(way, mib):
    way.send(b"%d\n" % (mib << 20))
    began = time.perf_counter()
    way.receive(mib << 20)
    return mib / (time.perf_counter() - began)


def up(way, mib):
    began = time.perf_counter()
    way.send(b"%d\n" % (mib << 20))
    for _ in range(mib * 16):
        way.send(PIECE)
    way.receive(2)
    return mib / (time.perf_counter() - began)


def opened(way):
    way.send(b"x")
    way.receive(1)


class Figures:
    def __init__(self):
        self.by = {}

    def put(self, what, name, value):
        self.by.setdefault(what, {}).setdefault(name, []).append(value)

    def measure(self, ctl, name, what, right, fn, gib):
        began = time.perf_counter()
        way = Way(ctl, name, right)
        if what == "begun": # from the call of ssh to the first byte's way and back
            opened(way)
            self.put(what, name, (time.perf_counter() - began) * 1e3)
        else:
            time.sleep(0.05)
            pids = parts()
            cost = Cost(pids)
            self.put(what, name, fn(way))
            spent = [(part, *cost.since(part)) for part in pids if gib]
            for part, cpu, waits in spent:
                self.put(f"{what}: {part}, s/GiB", name, cpu / 1e9 / gib)
                self.put(f"{what}: {part}, waits/GiB", name, waits / gib)
            if gib:
                self.put(f"{what}: all of them, s/GiB", name, sum(cpu for _, cpu, _ in spent) / 1e9 / gib)
        way.end()

    def ratios(self, what):
        return [divided(*pair) for pair in zip(self.by[what]["connect"], self.by[what]["-W"])]

    def is_tie(self, what):
        return is_tie(*(self.by[what][name] for name in NAMES))


def show(figures, compare):
    by, limits = figures.by, Limits(compare)
    lines = [("up: connect / -W", "up", 0.95, True), ("down: connect / -W", "down", 1, True),
             ("rtt 64 B p50: connect / -W", "rtt 64 B", 1.15, False),
             ("rtt 16 KiB p50: connect / -W", "rtt 16 KiB", 1.15, False),
             ("up: CPU of the server's side: connect / -W", "up: all of them, s/GiB", 1.15, False),
             ("down: CPU of the server's side: connect / -W", "down: all of them, s/GiB", 1.15, False)]
    print(f"{'beside (no limit; medians)':36} {'-W':>10} {'connect':>10}")
    for what, names in by.items():
        print(f"{what:36} " + " ".join("%10s" % (shown(median(names[n])) if n in names else "-") for n in NAMES))
    print("\n%-46s %12s %12s %-10s %s" % ("figure", "value", "limit", "held", "median between"))
    for name, what, limit, is_least in lines:
        found = figures.ratios(what)
        tie = figures.is_tie(what) or is_within(limit, found)
        print("%-46s %12s %12s %-10s %s" % (
            name, shown(median(found)), bound(limit, is_least=is_least),
            limits.held(median(found), limit, is_least, tie), "%s and %s" % tuple(map(shown, known_to(found)))))
    return limits.status()


def measure(ctl, rounds, trips, mib, compare):
    figures = Figures()
    for r in range(rounds):
        for what, right, fn, gib in (("rtt 64 B", "echo", lambda w: rtt(w, trips, 64), 0),
                                     ("rtt 16 KiB", "echo", lambda w: rtt(w, trips, 16384), 0),
                                     ("down", "source", lambda w: down(w, mib), mib / 1024),
                                     ("up", "sink", lambda w: up(w, mib), mib / 1024),
                                     ("begun", "echo", opened, 0)):
            for name in reversed(NAMES) if r % 2 else NAMES:
                figures.measure(ctl, name, what, right, fn, gib)
    print(f"{rounds} rounds; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return show(figures, compare)


if sys.argv[1] == "serve":
    serve()
else:
    sys.exit(measure(sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6] == "yes"))
