#!/usr/bin/python3
"""The agent in a guest, without its guest: agent.py SOCKET

SOCKET leads to the port of QEMU where the agent listens. Says "ready", then a line for
each message that comes: "heard KIND TEXT" (what is no letter, digit or ".-_" as "~").
Does what an agent does: tells what it can, asks for what the client has copied, gives
what is asked for. Lines on its input tell it what to say:
    KIND TEXT           a message of any kind
    copy TEXT           announces that TEXT was copied, and has it when asked
Ends when its input or QEMU ends.

Formats: spice/vd_agent.h of the SPICE project; little endian.
"""
import os
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import spice  # pylint: disable=wrong-import-position

CLIENT_PORT = 1
UTF8_TEXT = 1
# Mouse, monitors, reply, clipboard, by demand, selections, line ends.
CAPS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 8
KIND = spice.AGENT
SELECTION = bytes(4)  # CLIPBOARD, and three of padding


class Agent:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.data, self.parts, self.copied = b"", spice.Agent(), b""

    def say(self, kind, body):
        data = spice.agent_message(kind, body)
        while data:
            chunk, data = data[:spice.AGENT_CHUNK], data[spice.AGENT_CHUNK:]
            self.sock.sendall(struct.pack("<II", CLIENT_PORT, len(chunk)) + chunk)

    def order(self, line):
        kind, _, text = line.partition(" ")
        if kind == "copy":
            self.copied = text.encode()
            self.say(KIND["clipboard_grab"], SELECTION + struct.pack("<I", UTF8_TEXT))
        else:
            self.say(KIND[kind] if kind in KIND else int(kind), text.encode())

    def heard(self, kind, body):
        text = "".join(chr(b) if chr(b).isalnum() and b < 128 or chr(b) in ".-_" else "~" for b in body)
        print("heard", spice.AGENT_NAMES.get(kind, kind), text, flush=True)
        if kind == KIND["announce_capabilities"] and body[:4] != bytes(4):
            self.say(kind, struct.pack("<II", 0, CAPS))
        elif kind == KIND["clipboard_grab"] and len(body) >= 8:
            self.say(KIND["clipboard_request"], SELECTION + struct.pack("<I", UTF8_TEXT))
        elif kind == KIND["clipboard_request"] and self.copied:
            self.say(KIND["clipboard"], SELECTION + struct.pack("<I", UTF8_TEXT) + self.copied)

    def feed(self, data):
        self.data += data
        while len(self.data) >= 8:
            port, size = struct.unpack_from("<II", self.data)
            if len(self.data) < 8 + size:
                return
            chunk, self.data = self.data[8:8 + size], self.data[8 + size:]
            if port == CLIENT_PORT:
                for kind, body in self.parts.feed(chunk):
                    self.heard(kind, body)
            else:
                print("heard from port", port, flush=True)

    def run(self):
        print("ready", flush=True)
        self.say(KIND["announce_capabilities"], struct.pack("<II", 1, CAPS))
        while True:
            for source in select.select([self.sock, sys.stdin], [], [])[0]:
                if source is self.sock:
                    data = self.sock.recv(1 << 16)
                    if not data:
                        return
                    self.feed(data)
                else:
                    lines = os.read(sys.stdin.fileno(), 1 << 16)
                    if not lines:
                        return
                    for line in lines.decode().splitlines():
                        self.order(line)


Agent(sys.argv[1]).run()
