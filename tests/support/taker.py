"""Asks shell.sock for a channel as sallyport-shell does, and does with its end what that
would not. Run by a user with a shell, below sshd.

taker.py pass VM RIGHT      passes a descriptor on to the gate: "refused: WHY" or "passed"
taker.py again VM RIGHT     asks a second time on the same conversation: "ended"
taker.py leave VM RIGHT FILE   ends, and leaves the end to a child, which writes into FILE
                            "ended" when it has nothing of it any more
taker.py keep VM RIGHT N    lets N channels begin and end, and takes no end of them: "kept N",
                            once that many or no more are to be had; until its input ends
"""
import os
import resource
import select
import socket
import struct
import sys
import time

PATH = "/run/sallyport/shell.sock"


def text(s):
    return struct.pack(">H", len(s)) + s


def begin(vm, right):
    return struct.pack(">BBI", 1, 140, 1) + struct.pack(">BB", 9, 0) + text(vm) + text(right) + \
        struct.pack(">I", 0) + text(b"")


def ask(vm, right):
    talk = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    talk.settimeout(10)
    talk.connect(PATH)
    talk.send(begin(vm, right))
    answer, fds, _, _ = socket.recv_fds(talk, 65536, 1)
    if answer[1] != 155 or not fds:
        sys.exit("no channel: %r" % answer)
    end = socket.socket(fileno=fds[0])
    end.setblocking(True)
    end.settimeout(10)
    return talk, end


def check(end):
    end.sendall(b"hello")
    if end.recv(100) != b"HELLO":
        sys.exit("nobody answers")


def rest(end):
    try:
        while end.recv(65536):
            pass
        return "ended"
    except ConnectionError:
        return "ended"
    except TimeoutError:
        return "it goes on"


def leave_there(vm, right):
    """The conversation, with the end in it; None: there is none to be had."""
    talk = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        talk.connect(PATH)
        talk.send(begin(vm, right))
        select.select([talk], [], [], 10)
        if talk.recv(2, socket.MSG_PEEK)[1:] == b"\x9b":
            talk.send(begin(vm, right))  # ends it
            return talk
    except OSError:
        pass
    talk.close()
    return None


def keep(vm, right, most):
    resource.setrlimit(resource.RLIMIT_NOFILE, (most + 100, most + 100))
    kept, failed = [], 0
    while len(kept) < most and failed < 30:
        talk = leave_there(vm, right)
        if talk is None:
            failed += 1
        else:
            kept.append(talk)
        time.sleep(0.012)  # below a hundred a second
    print("kept", len(kept), flush=True)
    sys.stdin.read()


def main():
    if sys.argv[1] == "keep":
        keep(sys.argv[2].encode(), sys.argv[3].encode(), int(sys.argv[4]))
        return
    verb, vm, right = sys.argv[1], sys.argv[2].encode(), sys.argv[3].encode()
    talk, end = ask(vm, right)
    check(end)
    if verb == "pass":
        here, there = socket.socketpair()
        before = end.family
        try:
            socket.send_fds(end, [b"x"], [here.fileno()])
            # TCP takes the bytes and leaves the descriptor.
            here.close()
            there.settimeout(2)
            print("refused: not taken" if before == socket.AF_INET and there.recv(1) == b"" else "passed")
        except OSError as error:
            print("refused:", error.strerror)
    elif verb == "again":
        talk.send(begin(vm, right))
        print(rest(end))
    elif os.fork() == 0:
        os.setsid()
        with open(sys.argv[4], "w") as out:
            out.write(rest(end) + "\n")


main()
