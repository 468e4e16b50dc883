#!/usr/bin/python3
"""Links in a great hurry, and the round trips of somebody else meanwhile.

flood.py links PATH PER_SECOND SECONDS   begins SPICE links, keeps each for a moment
flood.py opens PATH N                    N channels, 16 at a time: how many answered
flood.py trips PATH N                    N round trips of 64 bytes: median and p99, in us
"""
import concurrent.futures
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import spice  # pylint: disable=wrong-import-position

KEPT = 200


def links(path, per_s, seconds):
    greeting, kept, count, failed = spice.link_message(), [], 0, 0
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        while count < (time.monotonic() - began) * per_s:
            count += 1
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(1)
            try:
                sock.connect(path)
                sock.sendall(greeting)
                kept.append(sock)
            except OSError:
                failed += 1
                sock.close()
            if len(kept) > KEPT:
                kept.pop(0).close()
        time.sleep(0.001)
    print("%d links in %.1f s, %d not taken" % (count, time.monotonic() - began, failed))


def trips(path, count):
    sock, times = socket.socket(socket.AF_UNIX), []
    sock.connect(path)
    for _ in range(count):
        began = time.perf_counter()
        sock.sendall(b"x" * 64)
        left = 64
        while left:
            left -= len(sock.recv(left))
        times.append(time.perf_counter() - began)
    times.sort()
    print("%d %d" % (times[count // 2] * 1e6, times[count * 99 // 100] * 1e6))


def is_answered(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        try:
            sock.connect(path)
            sock.sendall(b"x")
            return sock.recv(1) != b""
        except OSError:
            return False


def opens(path, count):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        print(sum(pool.map(is_answered, [path] * count)))


if sys.argv[1] == "opens":
    opens(sys.argv[2], int(sys.argv[3]))
elif sys.argv[1] == "links":
    links(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
else:
    trips(sys.argv[2], int(sys.argv[3]))
