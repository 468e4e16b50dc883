"""connect.sh's target and its clients.

connect.py serve              echo, source and sink, at 127.0.0.1:21001 to 21003
connect.py measure CTL ROUNDS TRIPS MIB
"""
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

PIECE = b"\0" * 65536
PORTS = {"echo": 21001, "source": 21002, "sink": 21003}


def echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)


def source(conn):
    left = int(conn.makefile("rb").readline())
    while left > 0:
        conn.sendall(PIECE[:left])
        left -= len(PIECE)


def sink(conn):
    total = 0
    while data := conn.recv(1 << 20):
        total += len(data)
    conn.sendall(b"%d\n" % total)


def one(what, conn):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with conn:
        try:
            what(conn)
        except OSError:
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
    for _ in range(mib * 16):
        way.send(PIECE)
    way.p.stdin.close()
    if int(way.p.stdout.read()) != mib << 20:
        sys.exit("connect.py: bytes were lost")
    return mib / (time.perf_counter() - began)


def opened(ctl, name):
    """From the call of ssh to the first byte's way and back."""
    began = time.perf_counter()
    way = Way(ctl, name, "echo")
    way.send(b"x")
    way.receive(1)
    took = time.perf_counter() - began
    way.end()
    return took * 1e3


def measure(ctl, rounds, trips, mib):
    figures = {}
    for r in range(rounds):
        for name in ("connect", "-W") if r % 2 else ("-W", "connect"):
            for what, unit, right, fn in (("rtt 64 B", "us", "echo", lambda w: rtt(w, trips, 64)),
                                          ("rtt 16 KiB", "us", "echo", lambda w: rtt(w, trips, 16384)),
                                          ("down", "MiB/s", "source", lambda w: down(w, mib)),
                                          ("up", "MiB/s", "sink", lambda w: up(w, mib))):
                way = Way(ctl, name, right)
                figures.setdefault((what, unit), {}).setdefault(name, []).append(fn(way))
                if what != "up":
                    way.end()
            figures.setdefault(("begun", "ms"), {}).setdefault(name, []).append(opened(ctl, name))
    print(f"{'':12} {'-W':>10} {'connect':>10}   ratio (medians of {rounds})")
    for (what, unit), by in figures.items():
        a, b = statistics.median(by["-W"]), statistics.median(by["connect"])
        print(f"{what:12} {a:10.1f} {b:10.1f}   {b / a:.2f}   {unit}")


if sys.argv[1] == "serve":
    serve()
else:
    measure(sys.argv[2], *map(int, sys.argv[3:6]))
