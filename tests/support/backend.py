#!/usr/bin/python3
"""A VM's back end that tells how often it was reached.

backend.py (unix PATH[,PATH...] | tcp ADDRESS PORT) COUNTFILE [UID]

Answers each connection with its bytes in upper case and, after the client's
half-close, with "END <bytes>\\n". COUNTFILE holds the number of connects, from the
moment on when all are listening.
Listens as UID if given, because the gate looks at who listens.
"""
import os
import select
import socket
import sys
import threading


def serve(conn):
    total = 0
    with conn:
        while True:
            data = conn.recv(65536)
            if not data:
                break
            total += len(data)
            conn.sendall(data.upper())
        try:
            conn.sendall(b"END %d\n" % total)
        except OSError:
            pass


def guarded(conn):
    try:
        serve(conn)
    except OSError:
        pass


def tcp(where):
    listener = socket.socket(socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(where)
    return listener


def unix(path):
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    return listener


def tell(count_file, count):
    with open(count_file, "r+") as out:  # never empty for a reader
        out.write("%d\n" % count)


def main():
    kind = sys.argv[1]
    args = sys.argv[2:]
    if kind == "unix":
        listeners = [unix(path) for path in args.pop(0).split(",")]
    else:
        where = (args.pop(0), int(args.pop(0)))
        listeners = [tcp(where)]
    count_file = args.pop(0)
    with open(count_file, "w"):
        pass
    if args:
        os.chmod(count_file, 0o666)
        os.setgroups([])
        os.setgid(int(args[0]))
        os.setuid(int(args[0]))
        if kind == "tcp":  # the kernel remembers who made the socket
            listeners.pop().close()
            listeners.append(tcp(where))
    for listener in listeners:
        listener.listen(64)
    count = 0
    tell(count_file, count)
    while True:
        for listener in select.select(listeners, [], [])[0]:
            conn, _ = listener.accept()
            count += 1
            tell(count_file, count)
            threading.Thread(target=guarded, args=(conn,), daemon=True).start()


main()
