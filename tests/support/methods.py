#!/usr/bin/python3
"""Logs in over SSH by the given methods, in the given order, in one connection.

methods.py [--at ADDRESS] [--hold SECONDS] USER KEYFILE METHOD...

METHOD: none, publickey, password:TEXT, or kbdint:ANSWERS with ANSWERS separated by "|"
("kbdint:" gives one empty answer, "kbdint:-" none at all, "kbdint:@FILE" what the file
holds). --hold waits that long before each answer. Prints for each method what the server
made of it: "partial", "refused", "closed" or "ACCEPTED"; after ACCEPTED it asks for a
forward to webdev:2222 and prints what came of that.
"""
import argparse
import logging
import socket
import time

import paramiko

logging.getLogger("paramiko").setLevel(logging.CRITICAL)
parser = argparse.ArgumentParser()
parser.add_argument("--at", default="127.0.0.1")
parser.add_argument("--hold", type=float, default=0)
parser.add_argument("user")
parser.add_argument("key")
parser.add_argument("methods", nargs="+")
args = parser.parse_args()


def answers_of(text):
    if text == "-":
        return []
    if text.startswith("@"):
        with open(text[1:]) as f:
            return [f.read().strip()]
    return text.split("|")


def attempt(transport, method):
    name, _, text = method.partition(":")
    if name == "none":
        return transport.auth_none(args.user)
    if name == "publickey":
        return transport.auth_publickey(args.user, paramiko.Ed25519Key.from_private_key_file(args.key))
    if name == "password":
        return transport.auth_password(args.user, text, fallback=False)

    def handler(title, instructions, prompts):
        if not prompts:
            return []
        time.sleep(args.hold)
        return answers_of(text)

    return transport.auth_interactive(args.user, handler)


def talk(transport):
    try:
        channel = transport.open_channel("direct-tcpip", ("webdev", 2222), ("127.0.0.1", 1), timeout=10)
        channel.sendall(b"hello")
        return channel.recv(100).decode("latin-1")
    except paramiko.SSHException as e:
        return "no channel: %s" % e


family = socket.AF_INET6 if ":" in args.at else socket.AF_INET
host = "::1" if ":" in args.at else "127.0.0.1"
transport = paramiko.Transport(socket.create_connection((host, 22), 10, (args.at, 0)))
transport.start_client(timeout=20)
for method in args.methods:
    said = method.partition(":")[0]
    try:
        left = attempt(transport, method)
        print("%s: %s" % (said, "partial" if left else "ACCEPTED"), flush=True)
        if not left:
            print("forward: %s" % talk(transport), flush=True)
    except paramiko.AuthenticationException:
        print("%s: refused" % said, flush=True)
    except (paramiko.SSHException, EOFError, OSError):
        print("%s: closed" % said, flush=True)
        break
transport.close()
