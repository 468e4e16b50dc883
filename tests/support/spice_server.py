#!/usr/bin/python3
"""A SPICE server as scripted: enough of one to be a VM's console without a VM.

spice_server.py WHERE [--uid UID] [--log FILE] [--channels KIND[:ID],…] [--agent]
                [--tokens N] [--no-mini] [--caps BITS] [--error N] [--result N]
                [--ping BYTES] [--hostile NAME]

WHERE is unix:PATH or tcp:HOST:PORT. Prints "ready"; ends when its input ends. Lines
on its input tell it what to do on the newest channel of a kind:
    send KIND TYPE HEX       a message            raw KIND HEX    any bytes
    agent TYPE TEXT          an agent message     close KIND
Each event is a line of JSON in the log: connect, link (its fields), ticket, message
(channel, type, size, head), agent (type, size, text), close.

Hostile servers (--hostile), by where they begin to misbehave:
    before the link   silent garbage shut
    link reply        reply-huge reply-tiny reply-caps reply-drip reply-half
    result            result-none result-half
    main's messages   init-none init-short init-twice size-huge size-cut list-huge
                      list-lies list-endless sub-list drip flood agent-flood agent-lies
"""
import argparse
import contextlib
import json
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import spice  # pylint: disable=wrong-import-position

EXPONENT = 65537
AGENT_CAPS = 0x3fff  # all that were ever announced


def is_prime(number):
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(16):
        power = pow(random.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def prime(bits):
    while True:
        number = random.getrandbits(bits) | 3 << (bits - 2) | 1
        if number % EXPONENT != 1 and is_prime(number):
            return number


class Key:
    """A key for tests, one for all connections."""

    def __init__(self):
        one, other = prime(512), prime(512)
        self.modulus = one * other
        self.private = pow(EXPONENT, -1, (one - 1) * (other - 1))
        number = self.modulus.to_bytes(128, "big")
        self.der = (bytes.fromhex("30819f300d06092a864886f70d010101050003818d0030818902818100") +
                    number + bytes.fromhex("0203010001"))

    def open(self, data):
        padded = pow(int.from_bytes(data, "big"), self.private, self.modulus)
        return spice.oaep_open(padded.to_bytes(128, "big"))


class Peer(spice.Channel):
    """The server's end of one connection."""

    def __init__(self, server, sock):
        super().__init__(sock, server.wait)
        self.server, self.kind, self.ident = server, 0, 0
        self.agent = spice.Agent()

    @property
    def name(self):
        return spice.NAMES.get(self.kind, str(self.kind))

    def drip(self, data):
        for at in range(len(data)):
            self.put(data[at:at + 1])
            time.sleep(0.02)

    def forever(self, data):
        while True:
            self.put(data)

    def greeting(self):
        magic, major, _, size = struct.unpack("<4sIII", self.take(16))
        body = self.take(min(size, 4096))
        connection, self.kind, self.ident, common, channel, at = struct.unpack_from("<IBBIII", body)
        words = [struct.unpack_from("<I", body, at + 4 * i)[0] for i in range(common + channel)]
        self.caps = words[0] if common else 0
        self.server.tell("link", magic=magic.decode("latin-1"), major=major, size=size,
                         channel=self.name, id=self.ident, connection=connection,
                         common=words[:common], own=words[common:])

    def answer(self):
        server = self.server
        self.server_caps = server.caps
        body = struct.pack("<I162sIII", server.error, server.key.der, 1, 1, spice.REPLY_SIZE)
        body += struct.pack("<II", server.caps, 0)
        head = struct.pack("<4sIII", spice.MAGIC, 2, 2, len(body))
        bad = {
            "reply-huge": struct.pack("<4sIII", spice.MAGIC, 2, 2, 0xffffffff) + body,
            "reply-tiny": struct.pack("<4sIII", spice.MAGIC, 2, 2, 4) + body[:4],
            "reply-caps": head + body[:166] + struct.pack("<III", 0x40000000, 7, 0xfffffff0) + body[178:],
            "reply-half": head + body[:90],
        }.get(server.hostile)
        if server.hostile == "reply-drip":
            self.drip(head + body)
        else:
            self.put(bad or head + body)
        if bad:
            time.sleep(server.wait)
            raise spice.Closed("told so")
        if server.error:
            raise spice.Closed("refused")

    def authenticate(self, password="", mechanism=1):
        word = None
        if self.caps & self.server_caps & spice.AUTH_SELECTION:
            word = struct.unpack("<I", self.take(4))[0]
        opened = self.server.key.open(self.take(128))
        self.server.tell("ticket", channel=self.name, mechanism=word,
                         good=opened == password.encode() + b"\0")
        if self.server.hostile == "result-none":
            time.sleep(self.server.wait)
        if self.server.hostile == "result-half":
            self.put(b"\0\0")
            time.sleep(self.server.wait)
        self.put(struct.pack("<I", self.server.result))
        if self.server.result:
            raise spice.Closed("refused")

    def init(self, size=32):
        server = self.server
        body = struct.pack("<8I", server.session, 1, 3, 1, int(server.agent), server.tokens, 0, 0)
        self.send(spice.INIT, body[:size])

    def channel_list(self, extra=0):
        pairs = self.server.channels
        self.send(spice.CHANNELS_LIST, struct.pack("<I", len(pairs) + extra) + b"".join(
            struct.pack("<BB", *pair) for pair in pairs))

    def begin_main(self):
        """INIT and what follows it, or what a hostile server makes of it."""
        hostile = self.server.hostile
        if hostile == "init-none":
            self.forever(self.pack(spice.NOTIFY, bytes(24)))
        elif hostile == "init-short":
            self.init(6)
        elif hostile == "size-huge":
            self.put(self.pack(spice.INIT, bytes(32), size=0xffffffff))
        elif hostile == "size-cut":
            self.put(self.pack(spice.INIT, bytes(32), size=4000))
            raise spice.Closed("told so")
        elif hostile == "sub-list":
            self.put(self.pack(spice.INIT, bytes(64), sub_list=32))
        elif hostile == "drip":
            self.drip(self.pack(spice.INIT, struct.pack("<8I", self.server.session, 1, 3, 1, 0, 0, 0, 0)))
        else:
            self.init()
        self.after_init(hostile)

    def after_init(self, hostile):
        if hostile == "init-twice":
            self.server.session ^= 1
            self.init()
        elif hostile == "flood":
            self.forever(self.pack(spice.NOTIFY, bytes(60000)))
        elif hostile == "agent-flood":
            self.forever(self.pack(spice.AGENT_DATA_DOWN, spice.agent_message(4, bytes(2000))))
        elif hostile == "agent-lies":
            self.put(self.pack(spice.AGENT_DATA_DOWN, struct.pack("<IIQI", 1, 4, 0, 0xffffffff)))
            self.forever(self.pack(spice.AGENT_DATA_DOWN, b"x" * 2048))
        if self.server.ping:
            self.send(spice.PING, bytes(12) + bytes(self.server.ping))

    def attached(self):
        hostile = self.server.hostile
        if hostile == "list-huge":
            self.put(self.pack(spice.CHANNELS_LIST, size=0x10000000))
            self.forever(bytes(65536))
        elif hostile == "list-lies":
            self.channel_list(extra=0xfffffff0)
        elif hostile == "list-endless":
            while True:
                self.channel_list()
        else:
            self.channel_list()

    def heard_agent(self, body):
        self.send(spice.AGENT_TOKEN_DOWN, struct.pack("<I", 1))
        for kind, data in self.agent.feed(body):
            self.server.tell("agent", type=spice.AGENT_NAMES.get(kind, kind), size=len(data),
                             text=data[:64].decode("latin-1"))
            if kind == spice.AGENT["announce_capabilities"] and data[:4] != bytes(4):
                self.agent_send(kind, struct.pack("<II", 0, AGENT_CAPS))

    def agent_send(self, kind, body):
        data = spice.agent_message(kind, body)
        for at in range(0, len(data), spice.AGENT_CHUNK):
            self.send(spice.AGENT_DATA_DOWN, data[at:at + spice.AGENT_CHUNK])

    def heard(self, kind, body):
        self.server.tell("message", channel=self.name, id=self.ident, type=kind, size=len(body),
                         head=body[:32].hex())
        if self.kind != spice.KINDS["main"]:
            return
        if kind == spice.ATTACH_CHANNELS:
            self.attached()
        elif kind == spice.AGENT_DATA:
            self.heard_agent(body)

    def serve(self):
        hostile = self.server.hostile
        if hostile in ("silent", "shut"):
            time.sleep(self.server.wait if hostile == "silent" else 0)
            return
        if hostile == "garbage":
            self.forever(random.randbytes(512))
        self.greeting()
        self.answer()
        self.authenticate()
        self.server.opened(self)
        if self.kind == spice.KINDS["main"]:
            self.begin_main()
        self.sock.settimeout(None)
        while True:
            self.heard(*self.receive())


class Server:
    """Listens; serve() for ever. Attributes as on the command line."""

    def __init__(self, where, log=None, wait=60.0, **how):
        self.where, self.log, self.wait = where, log, wait
        self.channels = [(2, 0), (3, 0), (4, 0)]
        self.agent, self.tokens, self.ping = False, 10, 0
        self.caps, self.error, self.result, self.hostile = 0x0b, 0, 0, None
        self.__dict__.update(how)
        self.key, self.lock, self.newest = Key(), threading.Lock(), {}
        self.session = random.getrandbits(32) | 0x80000000
        self.listener = self.listen()

    def listen(self):
        kind, _, rest = self.where.partition(":")
        if kind == "unix":
            if os.path.exists(rest):
                os.unlink(rest)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(rest)
        else:
            host, _, port = rest.rpartition(":")
            listener = socket.create_server((host, int(port)))
        listener.listen(256)
        return listener

    def tell(self, event, **fields):
        line = json.dumps({"event": event, **fields}) + "\n"
        with self.lock:
            if self.log:
                self.log.write(line)
                self.log.flush()

    def opened(self, peer):
        with self.lock:
            self.newest[peer.kind] = peer

    def guarded(self, peer):
        why = "the peer's"
        self.tell("connect")
        try:
            with peer.sock:
                peer.serve()
        except (OSError, spice.Closed, ValueError, struct.error) as error:
            why = str(error)
        self.tell("close", channel=peer.name, id=peer.ident, why=why)

    def serve(self):
        while True:
            sock, _ = self.listener.accept()
            peer = Peer(self, sock)
            threading.Thread(target=self.guarded, args=(peer,), daemon=True).start()

    def order(self, words):
        """One line of input."""
        if words[0] == "agent":
            peer = self.newest[spice.KINDS["main"]]
            kind = spice.AGENT[words[1]] if words[1] in spice.AGENT else int(words[1])
            peer.agent_send(kind, " ".join(words[2:]).encode())
            return
        peer = self.newest[spice.kind_number(words[1])]
        if words[0] == "send":
            peer.send(int(words[2]), bytes.fromhex("".join(words[3:])))
        elif words[0] == "raw":
            peer.put(bytes.fromhex("".join(words[2:])))
        elif words[0] == "close":
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)
        else:
            raise ValueError("unknown order")


def channel_pairs(text):
    for word in filter(None, text.split(",")):
        kind, _, ident = word.partition(":")
        yield spice.kind_number(kind), int(ident or 0)


def main():
    number = lambda text: int(text, 0)
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("where")
    parser.add_argument("--uid", type=number)
    parser.add_argument("--log")
    parser.add_argument("--channels", default="display,inputs,cursor")
    parser.add_argument("--agent", action="store_true")
    parser.add_argument("--tokens", type=number, default=10)
    parser.add_argument("--no-mini", action="store_true")
    parser.add_argument("--caps", type=number, default=0x0b)
    parser.add_argument("--error", type=number, default=0)
    parser.add_argument("--result", type=number, default=0)
    parser.add_argument("--ping", type=number, default=0)
    parser.add_argument("--hostile")
    parser.add_argument("--wait", type=float, default=60.0)
    args = parser.parse_args()
    # pylint: disable=consider-using-with
    log = open(args.log, "w", encoding="utf-8") if args.log else None
    if args.uid is not None:
        os.setgroups([])
        os.setgid(args.uid)
        os.setuid(args.uid)
    server = Server(args.where, log, args.wait, channels=list(channel_pairs(args.channels)),
                    agent=args.agent, tokens=args.tokens, error=args.error, result=args.result,
                    caps=args.caps & ~spice.MINI_HEADER if args.no_mini else args.caps,
                    ping=args.ping, hostile=args.hostile)
    threading.Thread(target=server.serve, daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            if line.split():
                server.order(line.split())
        except (KeyError, IndexError, ValueError, OSError, spice.Closed) as error:
            print("cannot: %s (%s)" % (line.strip(), error), flush=True)


if __name__ == "__main__":
    main()
