#!/usr/bin/python3
"""People who try to keep an owner out, in bounded number and for bounded time.

crowd.py SECONDS USER KEYFILE ADDRESS hold N    N prompts, opened and left alone
crowd.py SECONDS USER KEYFILE ADDRESS wrong N   N at once answer wrong OTPs, again and again
crowd.py SECONDS USER KEYFILE ADDRESS offer N   N at once show the public key without
                                                being able to sign
crowd.py SECONDS USER KEYFILE ADDRESS idle N    N connections that say nothing

ADDRESS is where they come from (127.x.y.z). Says "ready" when all are at it, and at the
end what came of it, as "key number" lines. SIGTERM is the end, too.
"""
import collections
import logging
import signal
import socket
import sys
import threading
import time

import paramiko

SECONDS, USER, KEYFILE, ADDRESS, WHAT, NUMBER = sys.argv[1:7]
logging.getLogger("paramiko").setLevel(logging.CRITICAL)
end = time.monotonic() + float(SECONDS)
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
counts = collections.Counter()
lock = threading.Lock()
at_it = threading.Semaphore(0)


def count(what):
    with lock:
        counts[what] += 1


def remaining():
    return 0.0 if over.is_set() else max(0.0, end - time.monotonic())


def connect():
    sock = socket.create_connection(("127.0.0.1", 22), timeout=10, source_address=(ADDRESS, 0))
    if WHAT == "idle":
        return sock
    transport = paramiko.Transport(sock)
    transport.start_client(timeout=20)
    return transport


class PublicOnly(paramiko.Ed25519Key):
    """What a stranger has: he signs with another key than he shows."""

    def sign_ssh_data(self, data, algorithm=None):
        message = paramiko.Message()
        message.add_string("ssh-ed25519")
        message.add_string(b"\0" * 64)
        return message


def at_the_prompt(answer):
    transport = connect()
    transport.auth_publickey(USER, paramiko.Ed25519Key.from_private_key_file(KEYFILE))

    def handler(title, instructions, prompts):
        if not prompts:
            return []
        count("prompts")
        return [answer()]

    try:
        transport.auth_interactive(USER, handler)
        count("accepted")
    except (paramiko.SSHException, EOFError):
        count("refused")
    finally:
        transport.close()


def hold():
    def answer():
        at_it.release()
        over.wait(remaining())
        return ""
    at_the_prompt(answer)


def wrong():
    def answer():
        at_it.release()
        return "c" * 44
    while remaining() > 0:
        at_the_prompt(answer)


def offer():
    while remaining() > 0:
        transport = connect()
        at_it.release()
        try:
            transport.auth_publickey(USER, PublicOnly.from_private_key_file(KEYFILE))
            count("accepted")
        except (paramiko.SSHException, EOFError):
            count("refused")
        finally:
            transport.close()


def idle():
    sock = connect()
    at_it.release()
    over.wait(remaining())
    sock.close()


def work():
    while remaining() > 0:
        try:
            {"hold": hold, "wrong": wrong, "offer": offer, "idle": idle}[WHAT]()
        except (paramiko.SSHException, OSError, EOFError):
            count("dropped")
            at_it.release()
            time.sleep(0.2)
        if WHAT == "hold" or WHAT == "idle":
            return


threads = [threading.Thread(target=work, daemon=True) for _ in range(int(NUMBER))]
for thread in threads:
    thread.start()
ready_by = time.monotonic() + 20
for thread in threads:
    at_it.acquire(timeout=max(0.01, ready_by - time.monotonic()))
print("ready", flush=True)
over.wait(remaining())  # a signal's handler runs in this thread
over.set()
for thread in threads:
    thread.join(15)
for what, number in sorted(counts.items()):
    print(what, number)
