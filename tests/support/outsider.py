#!/usr/bin/python3
"""A user's program that is no part of her connection, at shell.sock.

outsider.py verdicts CHANNEL   says there whatever any process of the gateway says to
                               another, of CHANNEL (a number) and of her: prints
                               "answered N", of all these (a question is refused, others are
                               not answered)
outsider.py otp OTP            asks what she may, and sends an OTP: prints the kinds of
                               the answers; "closed" where none came
outsider.py detached FILE OTP  the same from a child whose parent has ended, into FILE
"""
import os
import pwd
import socket
import struct
import sys
import time

PATH = "/run/sallyport/shell.sock"
BEGIN, OTP, REFUSED, CLAIM = 140, 141, 143, 152


def text(words):
    return struct.pack(">H", len(words)) + words


def message(kind, body):
    return struct.pack(">BBI", 1, kind, 1) + body


def ask(sock, data):
    try:
        sock.send(data)
        answer = sock.recv(65536)
    except OSError:
        answer = b""
    return str(answer[1]) if answer else "closed"


def enter():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(5)
    sock.connect(PATH)
    return sock


def verdicts(channel):
    name = pwd.getpwuid(os.getuid()).pw_name.encode()
    ch = struct.pack(">I", channel)
    bodies = [b"", b"\1", text(name), text(name) + text(b"x"), text(b"ch%d" % channel), ch,
              ch + b"\0\1\0" + bytes(4), ch + bytes(4), ch + bytes(17) + text(b"")]
    answered = 0
    for kind in sorted(set(range(256)) - {BEGIN, OTP}):
        for body in bodies:
            with enter() as sock:
                answer = ask(sock, message(kind, body))
                answered += answer != (str(REFUSED) if kind == CLAIM else "closed")
    print("answered", answered)


def otp(words):
    with enter() as sock:
        first = ask(sock, message(OTP, text(words)))
    with enter() as sock:
        begun = ask(sock, message(BEGIN, b"\4\0" + text(b"") * 2 + bytes(4) + text(b"")))
        return "%s %s %s" % (first, begun, ask(sock, message(OTP, text(words))))


def detached(path, words):
    if os.fork() != 0:
        return
    parent = os.getppid()
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    while os.getppid() in (parent, os.getsid(0)):
        time.sleep(0.01)
    with open(path + ".new", "w", encoding="ascii") as out:
        print(otp(words), file=out)
    os.rename(path + ".new", path)


if sys.argv[1] == "verdicts":
    verdicts(int(sys.argv[2]))
elif sys.argv[1] == "otp":
    print(otp(sys.argv[2].encode()))
else:
    detached(sys.argv[2], sys.argv[3].encode())
