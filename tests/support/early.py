#!/usr/bin/python3
"""Asks for channels at every point before the OTP, and after it.

early.py PORT USER KEYFILE VMHOST VMPORT UNIXPATH OTPFILE

Four points before: before the service request, after a failed "none", after
publickey's partial success, while the OTP prompt is outstanding. At each one a
session, a direct-tcpip and a direct-streamlocal channel are asked for. Then a wrong
answer is given, and at last the OTP that OTPFILE holds. Prints, for each point, the
number of confirmations (SSH_MSG_CHANNEL_OPEN_CONFIRMATION) by then. The last line is
the control: after the OTP the same requests are confirmed. Stays until a line comes.
"""
import collections
import logging
import sys
import time

import paramiko
from paramiko.common import (MSG_CHANNEL_OPEN_FAILURE, MSG_CHANNEL_OPEN_SUCCESS,
                             MSG_UNIMPLEMENTED, cMSG_CHANNEL_OPEN)
from paramiko.message import Message

PORT, USER, KEY, HOST, VMPORT, PATH, OTP = sys.argv[1:8]
logging.getLogger("paramiko").setLevel(logging.CRITICAL)
seen = collections.Counter()
asked = 0


def watch(transport):
    original = transport.packetizer.read_message

    def read_message():
        ptype, message = original()
        seen[ptype] += 1
        return ptype, message

    transport.packetizer.read_message = read_message


def opening(kind, number):
    message = Message()
    message.add_byte(cMSG_CHANNEL_OPEN)
    message.add_string(kind)
    message.add_int(number)
    message.add_int(2 ** 21)
    message.add_int(2 ** 15)
    return message


def answers():
    return sum(seen[kind] for kind in (MSG_CHANNEL_OPEN_SUCCESS, MSG_CHANNEL_OPEN_FAILURE, MSG_UNIMPLEMENTED))


def ask(transport, base, waits=True):
    global asked
    asked += 3
    message = opening("session", base)
    transport._send_message(message)
    message = opening("direct-tcpip", base + 1)
    message.add_string(HOST)
    message.add_int(int(VMPORT))
    message.add_string("127.0.0.1")
    message.add_int(1)
    transport._send_message(message)
    message = opening("direct-streamlocal@openssh.com", base + 2)
    message.add_string(PATH)
    message.add_string("")
    message.add_int(0)
    transport._send_message(message)
    end = time.monotonic() + 20
    while waits and answers() < asked and time.monotonic() < end:
        time.sleep(0.01)


def say(point):
    print("%s: %d confirmed, %d refused, %d unimplemented" % (
        point, seen[MSG_CHANNEL_OPEN_SUCCESS], seen[MSG_CHANNEL_OPEN_FAILURE],
        seen[MSG_UNIMPLEMENTED]), flush=True)


def main():
    transport = paramiko.Transport(("127.0.0.1", int(PORT)))
    watch(transport)  # before its thread waits in a read that is not ours
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = 60
    transport.start_client(timeout=60)
    ask(transport, 100)
    say("before the service request")
    try:
        transport.auth_none(USER)
    except paramiko.SSHException:
        pass
    ask(transport, 110)
    say("after a failed none")
    key = paramiko.Ed25519Key.from_private_key_file(KEY)
    left = transport.auth_publickey(USER, key)
    if left != ["keyboard-interactive"]:
        sys.exit("publickey alone did not leave keyboard-interactive: %r" % left)
    ask(transport, 120)
    say("after publickey")

    def wrong(title, instructions, prompts):
        if not prompts:
            return []
        ask(transport, 130, False)  # who is asked here reads nothing meanwhile
        say("while the OTP is asked for")
        return ["c" * 44]

    try:
        transport.auth_interactive(USER, wrong)
        sys.exit("a wrong OTP was accepted")
    except paramiko.SSHException:
        pass
    ask(transport, 140)
    say("after a wrong OTP")

    def right(title, instructions, prompts):
        return [open(OTP).read().strip()] if prompts else []

    # The publickey that was accepted still counts: only the OTP is asked again.
    transport.auth_interactive(USER, right)
    ask(transport, 150)
    say("after the OTP")
    channel = transport.open_channel("direct-tcpip", (HOST, int(VMPORT)), ("127.0.0.1", 1))
    channel.sendall(b"control")
    answer = channel.recv(100)
    print("and bytes flow: %s" % answer.decode("latin-1"), flush=True)
    sys.stdin.readline()
    transport.close()


main()
