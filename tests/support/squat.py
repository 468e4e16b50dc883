#!/usr/bin/python3
"""Tries to listen at ports of others, without a pause, in all ways that Linux knows.

squat.py LOG ADDRESS:PORT…

Writes "GOT way ADDRESS:PORT" to LOG whenever it succeeds, and from time to time
how many tries there were.
"""
import socket
import sys
import time


def ways(address, port):
    for reuse in ((), (socket.SO_REUSEADDR,), (socket.SO_REUSEADDR, socket.SO_REUSEPORT)):
        yield socket.AF_INET, (address, port), reuse
        yield socket.AF_INET, ("0.0.0.0", port), reuse
        yield socket.AF_INET6, ("::ffff:" + address, port), reuse
        yield socket.AF_INET6, ("::", port), reuse


def attempt(family, where, reuse):
    with socket.socket(family) as s:
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for option in reuse:
            s.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            s.bind(where)
            s.listen(8)
        except OSError:
            return False
        return True


def main():
    log = open(sys.argv[1], "a", buffering=1)
    targets = [(t.rsplit(":", 1)[0], int(t.rsplit(":", 1)[1])) for t in sys.argv[2:]]
    tries, told, got = 0, 0.0, set()
    while True:
        for address, port in targets:
            for way in ways(address, port):
                tries += 1
                if attempt(*way) and (way not in got):
                    got.add(way)
                    # What listens everywhere listens there, too.
                    print("GOT", way, "%s:%d" % (address, port), file=log)
        if time.monotonic() - told > 0.5:
            print("%d tries" % tries, file=log)
            told = time.monotonic()


main()
