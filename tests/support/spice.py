#!/usr/bin/python3
"""A raw SPICE client: says whatever it is told to, and tells what comes back.

spice.py link    WHERE [LINK]              one link: "error N", "result N" or "closed"
spice.py session WHERE [--hold S] [--open KIND[:ID] …] [--pings N]
                                           a main channel, then others on its id
spice.py greet   WHERE [LINK] [--send N] [--drip MS] [--hex BYTES] [--hold S]
                                           a greeting in part, slowly, or any bytes
spice.py half    WHERE --count N [--send N] [--hold S] [--most N]
                                           links left half open; how many were kept, as
                                           soon as it is no more than that
spice.py agent   WHERE --say KIND[=TEXT] … [--tokens N] [--hold S] [--until KIND]
                                           agent messages on main, and those that come;
                                           N: as if the server had given so many tokens

WHERE is unix:PATH, tcp:HOST:PORT, socks:PORT:HOST:PORT (by a SOCKS5 proxy here) or
exec:COMMAND (its standard input and output). LINK: --kind main (or a number) --id N
--connection N --caps BITS --channel-caps BITS --size N --major N --magic TEXT
--caps-offset N --counts N,N --mechanism N --password TEXT --no-ticket.
--wait S is the longest wait for anything (10). Exit 0: the peer answered OK; 1: it
did not. As a module: Channel and Session below, where nothing is checked for you.

Formats: spice/protocol.h, spice/enums.h, spice/vd_agent.h of the SPICE project; all
numbers little endian.
"""
import argparse
import contextlib
import hashlib
import os
import select
import socket
import struct
import subprocess
import sys
import time

KINDS = {"main": 1, "display": 2, "inputs": 3, "cursor": 4, "playback": 5, "record": 6,
         "tunnel": 7, "smartcard": 8, "usbredir": 9, "port": 10, "webdav": 11}
NAMES = {number: name for name, number in KINDS.items()}
AGENT = {"mouse_state": 1, "monitors_config": 2, "reply": 3, "clipboard": 4,
         "display_config": 5, "announce_capabilities": 6, "clipboard_grab": 7,
         "clipboard_request": 8, "clipboard_release": 9, "file_xfer_start": 10,
         "file_xfer_status": 11, "file_xfer_data": 12, "client_disconnected": 13,
         "max_clipboard": 14, "audio_volume_sync": 15, "graphics_device_info": 16}
AGENT_NAMES = {number: name for name, number in AGENT.items()}

MAGIC = b"REDQ"
AUTH_SELECTION, AUTH_SPICE, AUTH_SASL, MINI_HEADER = 1, 2, 4, 8
CAPS = AUTH_SELECTION | AUTH_SPICE | MINI_HEADER
REPLY_SIZE = 178  # without capability words
KEY_SIZE, MODULUS_AT, MODULUS_SIZE = 162, 29, 128  # DER of an RSA key of 1024 bits
AGENT_CHUNK = 2048

# From the server, on every channel and on main.
SET_ACK, PING, DISCONNECTING, NOTIFY = 3, 4, 6, 7
INIT, CHANNELS_LIST, MOUSE_MODE = 103, 104, 105
AGENT_CONNECTED, AGENT_DISCONNECTED, AGENT_DATA_DOWN, AGENT_TOKEN_DOWN = 107, 108, 109, 110
AGENT_CONNECTED_TOKENS = 115
# From the client.
ACK_SYNC, ACK, PONG = 1, 2, 3
ATTACH_CHANNELS, MOUSE_MODE_REQUEST, AGENT_START, AGENT_DATA, AGENT_TOKEN = 104, 105, 106, 107, 108


class Refused(Exception):
    """The peer said no: stage is "error" (link reply) or "result" (after the ticket)."""

    def __init__(self, stage, code):
        super().__init__("%s %d" % (stage, code))
        self.stage, self.code = stage, code


class Closed(Exception):
    """The peer closed."""


def connect(where, wait=10.0):
    kind, _, rest = where.partition(":")
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(wait)
        sock.connect(rest)
        return sock
    if kind == "exec":
        sock, other = socket.socketpair()
        with other:
            # Ends with its end of the pair. pylint: disable=consider-using-with
            subprocess.Popen(rest, shell=True, stdin=other, stdout=other)
        sock.settimeout(wait)
        return sock
    if kind == "socks":
        return connect_socks(*rest.split(":"), wait)
    host, _, port = rest.rpartition(":")
    return socket.create_connection((host, int(port)), wait)


def connect_socks(proxy, host, port, wait):
    """RFC 1928, without authentication, the name resolved over there."""
    sock = socket.create_connection(("127.0.0.1", int(proxy)), wait)
    name = host.encode()
    sock.sendall(b"\5\1\0\5\1\0\3" + bytes([len(name)]) + name + struct.pack(">H", int(port)))
    answer = b""
    while len(answer) < 12:
        piece = sock.recv(12 - len(answer))
        if not piece:
            raise Closed("by the proxy")
        answer += piece
    if answer[3] != 0:
        raise Closed("the proxy says %d" % answer[3])
    return sock


def kind_number(text):
    return KINDS[text] if text in KINDS else int(text, 0)


def link_message(kind=1, ident=0, connection=0, caps=CAPS, channel_caps=None, size=None,
                 magic=MAGIC, major=2, minor=2, caps_offset=18, counts=None):
    """Header and message; every field can be wrong."""
    words = [] if caps is None else [caps]
    own = [] if channel_caps is None else [channel_caps]
    common, channel = counts or (len(words), len(own))
    body = struct.pack("<IBBIII", connection, kind, ident, common, channel, caps_offset)
    body += b"".join(struct.pack("<I", word) for word in words + own)
    return struct.pack("<4sIII", magic, major, minor, len(body) if size is None else size) + body


def _mask(seed, length):
    out, count = b"", 0
    while len(out) < length:
        out += hashlib.sha1(seed + struct.pack(">I", count)).digest()
        count += 1
    return out[:length]


def _xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


def oaep_pad(message, size=MODULUS_SIZE, seed=None):
    """EME-OAEP of PKCS #1 (RFC 8017, 7.1.1) with SHA-1 and an empty label."""
    seed = seed or os.urandom(20)
    block = hashlib.sha1().digest() + bytes(size - len(message) - 42) + b"\1" + message
    block = _xor(block, _mask(seed, len(block)))
    return b"\0" + _xor(seed, _mask(block, 20)) + block


def oaep_open(padded):
    """The message, or None."""
    seed = _xor(padded[1:21], _mask(padded[21:], 20))
    block = _xor(padded[21:], _mask(seed, len(padded) - 21))
    if padded[0] != 0 or block[:20] != hashlib.sha1().digest():
        return None
    message = block[20:].lstrip(b"\0")
    return message[1:] if message[:1] == b"\1" else None


def ticket(key, password=""):
    """What goes over the wire for PASSWORD under the DER key of a link reply."""
    modulus = int.from_bytes(key[MODULUS_AT:MODULUS_AT + MODULUS_SIZE], "big")
    padded = int.from_bytes(oaep_pad(password.encode() + b"\0"), "big")
    return pow(padded, 65537, modulus).to_bytes(MODULUS_SIZE, "big")


class Channel:
    """One connection. link() and authenticate() as an honest client would; send and
    receive() carry messages with the header that both agreed on."""

    def __init__(self, where, wait=10.0):
        self.sock = where if isinstance(where, socket.socket) else connect(where, wait)
        self.sock.settimeout(wait)
        self.caps = self.server_caps = self.serial = 0
        self.key = b""

    def close(self):
        self.sock.close()

    def take(self, length):
        data = b""
        while len(data) < length:
            try:
                piece = self.sock.recv(min(length - len(data), 1 << 20))
            except ConnectionError:
                piece = b""
            if not piece:
                raise Closed("after %d of %d bytes" % (len(data), length))
            data += piece
        return data

    def put(self, data):
        try:
            self.sock.sendall(data)
        except ConnectionError:
            raise Closed("while sending") from None

    def reply(self):
        """The server's link reply."""
        magic, _, _, size = struct.unpack("<4sIII", self.take(16))
        if magic != MAGIC or not REPLY_SIZE <= size <= 4096:
            raise ValueError("no SPICE link header (%r, size %d)" % (magic, size))
        body = self.take(size)
        error, self.key, common, _, offset = struct.unpack_from("<I162sIII", body)
        if error:
            raise Refused("error", error)
        self.server_caps = struct.unpack_from("<I", body, offset)[0] if common else 0

    def link(self, **fields):
        self.caps = fields.get("caps", CAPS) or 0
        self.put(link_message(**fields))
        self.reply()

    def authenticate(self, password="", mechanism=1):
        head = b""
        if self.caps & self.server_caps & AUTH_SELECTION:
            head = struct.pack("<I", mechanism)
        self.put(head + ticket(self.key, password))
        result = struct.unpack("<I", self.take(4))[0]
        if result:
            raise Refused("result", result)

    def open(self, **fields):
        self.link(**fields)
        self.authenticate()
        return self

    @property
    def mini(self):
        return bool(self.caps & self.server_caps & MINI_HEADER)

    def pack(self, kind, body=b"", size=None, sub_list=0):
        size = len(body) if size is None else size
        if self.mini:
            return struct.pack("<HI", kind, size) + body
        self.serial += 1
        return struct.pack("<QHII", self.serial, kind, size, sub_list) + body

    def send(self, kind, body=b"", **fields):
        self.put(self.pack(kind, body, **fields))

    def receive(self, limit=1 << 24):
        """(type, body) of the next message."""
        if self.mini:
            kind, size = struct.unpack("<HI", self.take(6))
        else:
            _, kind, size, _ = struct.unpack("<QHII", self.take(18))
        if size > limit:
            raise ValueError("message %d of %d bytes" % (kind, size))
        return kind, self.take(size)

    def pending(self, wait=0.0):
        return bool(select.select([self.sock], [], [], wait)[0])

    def is_open(self, wait=0.0):
        """False when the peer has closed; what it sent until then is read away."""
        end = time.monotonic() + wait
        while True:
            if not self.pending(max(0.0, end - time.monotonic())):
                return True
            try:
                if not self.sock.recv(1 << 16):
                    return False
            except OSError:
                return False


def agent_message(kind, body=b""):
    return struct.pack("<IIQI", 1, kind, 0, len(body)) + body


class Agent:
    """Puts agent messages together from the chunks that carry them."""

    def __init__(self):
        self.data = b""

    def feed(self, chunk):
        self.data += chunk
        while len(self.data) >= 20:
            _, kind, _, size = struct.unpack_from("<IIQI", self.data)
            if len(self.data) < 20 + size:
                return
            yield kind, self.data[20:20 + size]
            self.data = self.data[20 + size:]


class Session:
    """A main channel that is open, and more channels on its session id."""

    def __init__(self, where, wait=10.0, **fields):
        self.where, self.wait = where, wait
        self.main = Channel(where, wait).open(**fields)
        self.channels, self.others, self.list = {}, [], []
        self.agent, self.agent_said, self.tokens, self.pings = Agent(), [], 0, 0
        kind, body = self.main.receive()
        while kind != INIT:
            kind, body = self.main.receive()
        (self.id, self.displays, self.mouse_modes, self.mouse_mode, self.agent_connected,
         self.tokens, self.time, self.ram) = struct.unpack_from("<8I", body)

    def handle(self, kind, body):
        """What any client does with a message of main."""
        if kind == PING:
            self.pings += 1
            self.main.send(PONG, body[:12])
        elif kind == SET_ACK:
            self.main.send(ACK_SYNC, body[:4])
        elif kind == CHANNELS_LIST:
            count = struct.unpack_from("<I", body)[0]
            self.list = [(body[4 + 2 * i], body[5 + 2 * i]) for i in range(count)]
        elif kind in (AGENT_CONNECTED, AGENT_CONNECTED_TOKENS, AGENT_DISCONNECTED):
            self.agent_connected = kind != AGENT_DISCONNECTED
            if kind == AGENT_CONNECTED_TOKENS:
                self.tokens = struct.unpack_from("<I", body)[0]
        elif kind == AGENT_TOKEN_DOWN:
            self.tokens += struct.unpack_from("<I", body)[0]
        elif kind == AGENT_DATA_DOWN:
            self.agent_said += self.agent.feed(body)
        return kind

    def run(self, seconds, until=None):
        """Handles what comes; ends early when UNTIL() is true. Says whether it was."""
        end = time.monotonic() + seconds
        while not (until and until()):
            left = end - time.monotonic()
            if left <= 0 or not self.main.pending(left):
                return until is None
            self.others.append(self.handle(*self.main.receive()))
        return True

    def attach(self):
        """Asks for the channels: [(type, id)]."""
        self.main.send(ATTACH_CHANNELS)
        if not self.run(self.wait, lambda: CHANNELS_LIST in self.others):
            raise Closed("no list of channels came")
        return self.list

    def open(self, kind, ident=0, **fields):
        fields.setdefault("connection", self.id)
        channel = Channel(self.where, self.wait)
        try:
            channel.open(kind=kind, ident=ident, **fields)
        except Exception:
            channel.close()
            raise
        self.channels[kind, ident] = channel
        return channel

    def agent_start(self, tokens=10):
        self.main.send(AGENT_START, struct.pack("<I", tokens))

    def agent_send(self, kind, body=b"", chunk=AGENT_CHUNK):
        """One agent message; waits for tokens as a client must. Returns chunks sent."""
        data, sent = agent_message(kind, body), 0
        while data:
            if self.tokens == 0 and not self.run(self.wait, lambda: self.tokens > 0):
                raise Closed("no agent token came")
            self.main.send(AGENT_DATA, data[:chunk])
            data, sent, self.tokens = data[chunk:], sent + 1, self.tokens - 1
        return sent

    def close(self):
        for channel in [self.main, *self.channels.values()]:
            channel.close()


# --- command line -----------------------------------------------------------------

def fields_of(args):
    fields = {"kind": args.kind, "ident": args.id, "connection": args.connection,
              "caps": args.caps, "channel_caps": args.channel_caps, "size": args.size,
              "major": args.major, "magic": args.magic.encode()[:4].ljust(4, b"\0"),
              "caps_offset": args.caps_offset}
    if args.counts:
        fields["counts"] = tuple(int(n) for n in args.counts.split(","))
    return fields


def told(action):
    """What ACTION came to, in one word or two."""
    try:
        action()
    except Refused as no:
        return str(no)
    except Closed:
        return "closed"
    except socket.timeout:
        return "silence"
    except (OSError, ValueError, LookupError, struct.error) as error:
        return "failed (%s)" % error
    return "result 0"


def do_link(args):
    channel = Channel(args.where, args.wait)

    def both():
        channel.link(**fields_of(args))
        if not args.no_ticket:
            channel.authenticate(args.password, args.mechanism)

    word = told(both)
    print(word, flush=True)
    if word == "result 0" and args.hold:
        print("open" if channel.is_open(args.hold) else "closed")
    return word == "result 0"


def channel_name(pair):
    return "%s:%d" % (NAMES.get(pair[0], pair[0]), pair[1])


def do_session(args):
    session = Session(args.where, args.wait)
    print("session %d" % session.id)
    print("channels", " ".join(sorted(channel_name(pair) for pair in session.attach())), flush=True)
    good = session.run(args.wait, lambda: session.pings >= args.pings)
    for text in args.open:
        kind, _, ident = text.partition(":")
        word = told(lambda: session.open(kind_number(kind), int(ident or 0)))
        good = good and word == "result 0"
        print(text, word, flush=True)
    try:
        session.run(args.hold)
        if args.hold:
            print("open")
    except Closed:
        left = [channel_name(pair) for pair, channel in session.channels.items()
                if channel.is_open(10.0)]
        print("closed", "but not " + " ".join(left) if left else "all", flush=True)
        good = False
    return good


def do_greet(args):
    channel = Channel(args.where, args.wait)
    data = bytes.fromhex(args.hex) if args.hex else link_message(**fields_of(args))
    data = data[:args.send]
    began = time.monotonic()
    with contextlib.suppress(Closed):
        for at in range(len(data)) if args.drip else []:
            channel.put(data[at:at + 1])
            time.sleep(args.drip / 1000)
        channel.put(b"" if args.drip else data)
    channel.sock.settimeout(args.hold or args.wait)
    word = told(channel.reply)
    print("%s after %.1f s" % ("answered" if word == "result 0" else word, time.monotonic() - began))
    return word == "result 0"


def do_half(args):
    began = link_message()[:args.send]
    links = []
    for _ in range(args.count):
        with contextlib.suppress(OSError, Closed):
            links.append(Channel(args.where, args.wait))
            links[-1].put(began)
    print("connected %d" % len(links), flush=True)
    end = time.monotonic() + args.hold
    while sum(link.is_open() for link in links) > args.most and time.monotonic() < end:
        time.sleep(0.05)
    print("open %d" % sum(link.is_open() for link in links))
    return len(links) == args.count


def do_agent(args):
    session, last = Session(args.where, args.wait), AGENT.get(args.until)
    session.attach()
    session.agent_start()
    session.tokens += args.tokens
    for text in args.say:
        kind, _, body = text.partition("=")
        number = AGENT[kind] if kind in AGENT else int(kind, 0)
        print("sent %s in %d" % (kind, session.agent_send(number, body.encode())), flush=True)
    with contextlib.suppress(Closed):
        session.run(args.hold, lambda: last in [kind for kind, _ in session.agent_said])
    for kind, body in session.agent_said:
        print("heard %s %s" % (AGENT_NAMES.get(kind, kind), body.hex()))
    return True


def main():
    number = lambda text: int(text, 0)
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("verb", choices=["link", "session", "greet", "half", "agent"])
    parser.add_argument("where")
    parser.add_argument("--kind", type=kind_number, default=1)
    parser.add_argument("--id", type=number, default=0)
    parser.add_argument("--connection", type=number, default=0)
    parser.add_argument("--caps", type=number, default=CAPS)
    parser.add_argument("--channel-caps", type=number)
    parser.add_argument("--size", type=number)
    parser.add_argument("--major", type=number, default=2)
    parser.add_argument("--magic", default="REDQ")
    parser.add_argument("--caps-offset", type=number, default=18)
    parser.add_argument("--counts")
    parser.add_argument("--mechanism", type=number, default=1)
    parser.add_argument("--password", default="")
    parser.add_argument("--no-ticket", action="store_true")
    parser.add_argument("--open", nargs="*", default=[])
    parser.add_argument("--say", nargs="*", default=[])
    parser.add_argument("--tokens", type=number, default=0)
    parser.add_argument("--until", choices=AGENT)
    parser.add_argument("--most", type=number, default=-1)
    parser.add_argument("--pings", type=number, default=0)
    parser.add_argument("--send", type=number)
    parser.add_argument("--drip", type=number, default=0)
    parser.add_argument("--hex")
    parser.add_argument("--count", type=number, default=1)
    parser.add_argument("--hold", type=float, default=0.0)
    parser.add_argument("--wait", type=float, default=10.0)
    args = parser.parse_args()
    verbs = {"link": do_link, "session": do_session, "greet": do_greet, "half": do_half,
             "agent": do_agent}
    try:
        sys.exit(0 if verbs[args.verb](args) else 1)
    except (Closed, Refused, OSError, ValueError, LookupError, struct.error) as error:
        print("closed" if isinstance(error, Closed) else error)
        sys.exit(1)


if __name__ == "__main__":
    main()
