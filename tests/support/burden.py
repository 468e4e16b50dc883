#!/usr/bin/python3
"""What a user's program could do to hold up the daemon; prints "done".

burden.py pass   seqpacket|stream PATH [MESSAGE…]  after these, a descriptor whose last
                                                   holder waits 60 s for its end
burden.py places PATH FIRST_UID UIDS EACH SECONDS  silent callers under many uids
"""
import os
import socket
import struct
import sys
import time


def lingering():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    here = socket.create_connection(listener.getsockname())
    there, _ = listener.accept()
    here.setblocking(False)
    try:
        while True:
            here.send(b"x" * 65536)
    except BlockingIOError:
        pass
    here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
    return here, there


def connected(kind, path):
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.connect(path)
    return sock


def passing(kind, path, messages):
    here, there = lingering()
    sock = connected(kind, path)
    try:
        for message in messages:
            sock.send(message.encode())
        socket.send_fds(sock, [b"x"], [here.fileno()])
    except OSError as error:
        print("closed before (%s)" % error.strerror)
        return
    here.close()
    print("done", flush=True)
    time.sleep(60)  # the one who reads there stays, so that the bytes do
    there.close()
    sock.close()


def places(path, first, uids, each, seconds):
    held = []
    for uid in range(first, first + uids):
        os.setresuid(uid, uid, 0)
        for _ in range(each):
            try:
                held.append(connected(socket.SOCK_SEQPACKET, path))
            except OSError:
                time.sleep(0.01)
        os.setresuid(0, 0, 0)
    print("done %d" % len(held), flush=True)
    time.sleep(seconds)


def main():
    if sys.argv[1] == "pass":
        kind = socket.SOCK_STREAM if sys.argv[2] == "stream" else socket.SOCK_SEQPACKET
        passing(kind, sys.argv[3], sys.argv[4:])
    else:
        places(sys.argv[2], *map(int, sys.argv[3:7]))


main()
