#!/usr/bin/python3
"""Clients of an endpoint, honest and otherwise; each prints one word or line.

peer.py talk  (unix PATH | tcp ADDRESS PORT)    sends, half-closes: prints what came
peer.py orphan tcp ADDRESS PORT                 connects, sends, closes at once
peer.py die   unix PATH                         connects and ends
peer.py become-sshd (unix PATH | tcp A P) CONF  connects, then executes sshd -i on it
peer.py hand-over (unix PATH)                   a child connects, the parent talks
"""
import os
import socket
import sys


def connect(args):
    if args[0] == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(10)
        sock.connect(args[1])
        return sock, args[2:]
    sock = socket.create_connection((args[1], int(args[2])), 10)
    return sock, args[3:]


def talk(sock):
    data = b""
    try:
        sock.sendall(b"hello")
        sock.shutdown(socket.SHUT_WR)
        while True:
            piece = sock.recv(65536)
            if not piece:
                break
            data += piece
    except OSError as error:
        if not data:
            print("closed (%s)" % error.strerror)
            return
    print(data.decode("latin-1").strip().replace("\n", " ") if data else "closed")


def main():
    verb = sys.argv[1]
    if verb == "hand-over":
        here, there = socket.socketpair()
        if os.fork() == 0:
            sock, _ = connect(sys.argv[2:])
            socket.send_fds(there, [b"x"], [sock.fileno()])
            os._exit(0)
        _, fds, _, _ = socket.recv_fds(here, 1, 1)
        os.wait()
        talk(socket.socket(fileno=fds[0]))
        return
    sock, rest = connect(sys.argv[2:])
    if verb == "talk":
        talk(sock)
    elif verb == "orphan":
        sock.sendall(b"hello")
        sock.close()
        print("gone")
    elif verb == "die":
        print("gone")
        sys.stdout.flush()
        os._exit(0)
    elif verb == "become-sshd":
        print("becoming sshd")
        sys.stdout.flush()
        os.dup2(sock.fileno(), 0)
        os.dup2(sock.fileno(), 1)
        os.execv("/usr/sbin/sshd", ["sshd: anne [priv]", "-i", "-f", rest[0]])


main()
