"""A validation server for tests: protocol 2.0 over HTTPS with real signatures, and
every way to get it wrong that a test asks for.

    validation.py FOLDER PORT [NAME]

FOLDER holds ca.pem, and for each NAME (default "server") NAME.pem with certificate and
key. Prints "listening PORT" and serves until it is killed. Which behaviour applies is
read from FOLDER/PORT.how at each request (default "ok"): words, where the first is the
behaviour and the others are its arguments. FOLDER/PORT.log gets a line for each
request: its behaviour and its OTP. FOLDER/spent, shared by all servers in the folder,
holds the OTPs that were accepted; "ok" replays as real servers do."""
import base64
import fcntl
import hashlib
import hmac
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

FOLDER, PORT = sys.argv[1], int(sys.argv[2])
NAME = sys.argv[3] if len(sys.argv) > 3 else "server"
KEY = base64.b64decode(open(FOLDER + "/api.key").read())
LAST = {}  # the reply before, for behaviours that give it again


def sign(pairs, key=KEY):
    text = "&".join("%s=%s" % p for p in sorted(pairs))
    return base64.b64encode(hmac.new(key, text.encode("latin-1"), hashlib.sha1).digest()).decode()


def body(pairs, key=KEY, h=None, end="\r\n"):
    h = sign(pairs, key) if h is None else h
    return "".join(k + "=" + v + end for k, v in [("h", h)] + pairs) + end


def how():
    try:
        return open("%s/%d.how" % (FOLDER, PORT)).read().split() or ["ok"]
    except FileNotFoundError:
        return ["ok"]


def spend(otp, nonce):
    """OK, REPLAYED_OTP or REPLAYED_REQUEST, once over all servers."""
    with open(FOLDER + "/spent", "a+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        f.seek(0)
        for line in f:
            if line.split()[0] == otp:
                return "REPLAYED_REQUEST" if line.split()[1] == nonce else "REPLAYED_OTP"
        f.write("%s %s\n" % (otp, nonce))
        f.flush()
        return "OK"


def counter(otp):
    """Counts up with each OTP, as a key does; kept for all servers."""
    with open(FOLDER + "/counter", "a+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        f.seek(0)
        lines = [line.split() for line in f]
        for seen, n in lines:
            if seen == otp:
                return int(n)
        n = 256 + len(lines)
        f.write("%s %d\n" % (otp, n))
        f.flush()
        return n


def pairs_of(query, status, otp=None, nonce=None, counters=True):
    pairs = [("t", time.strftime("%Y-%m-%dT%H:%M:%SZ0123", time.gmtime())),
             ("otp", otp or query["otp"]), ("nonce", nonce or query["nonce"]),
             ("sl", "100"), ("status", status)]
    if counters and status == "OK":
        n = counter(query["otp"])
        pairs += [("timestamp", "12345"), ("sessioncounter", str(n >> 8)), ("sessionuse", str(n & 255))]
    return pairs


def request_is_good(query):
    h = query.get("h", "")
    pairs = [(k, v) for k, v in query.items() if k != "h"]
    return (sign(pairs) == h and re.fullmatch("[0-9a-zA-Z]{16,40}", query.get("nonce", ""))
            and re.fullmatch("[cbdefghijklnrtuv]{32,48}", query.get("otp", "")) and query.get("id") == "4711"
            and query.get("timestamp") == "1")


def reply(word, args, q):
    """The body, or None: nothing; a tuple (code, headers, body) for more."""
    good = pairs_of(q, "OK") if word not in ("ok", "nocounter") else None
    if word == "ok":
        status = spend(q["otp"], q["nonce"])
        return body(pairs_of(q, status))
    if word == "nocounter":
        return body(pairs_of(q, spend(q["otp"], q["nonce"]), counters=False))
    if word == "always":  # accepts what it has accepted before
        return body(good)
    if word == "bytes":  # S1: h decodes to that many
        return body(good, h=base64.b64encode(b"A" * int(args[0])).decode())
    if word == "h":  # S2: this text as h; "_" stands for a blank, "" for nothing
        return body(good, h=args[0].replace("_", " ") if args else "")
    if word == "junk":  # S2: the right h, and more behind it
        return body(good, h=sign(good) + args[0])
    if word == "noh":  # S3
        return "".join("%s=%s\r\n" % p for p in good) + "\r\n"
    if word == "wrongkey":  # S4
        return body(good, key=b"another key of 20 by")
    if word == "emptykey":  # S5
        return body(good, key=b"")
    if word == "noecho":  # S6: without otp, nonce or both
        return body([p for p in good if p[0] not in args])
    if word == "otherotp":  # S7
        return body(pairs_of(q, "OK", otp="c" * 12 + "b" * 32))
    if word == "othernonce":  # S8
        return body(pairs_of(q, "OK", nonce="0" * 40))
    if word == "again":  # S8, S29: a genuine reply, but the one before
        old = LAST.get("reply", body(good))
        LAST["reply"] = body(good)
        return old
    if word == "twice":  # S9: a key twice, with these values
        key, first, second = args
        pairs = [p for p in good if p[0] != key]
        if key == "h":
            right = sign(good)
            return ("h=%s\r\n" * 2) % tuple(right if v == "right" else v for v in (first, second)) + \
                "".join("%s=%s\r\n" % p for p in good)
        return body(pairs + [(key, first), (key, second)])
    if word == "joined":  # S10: what was signed as lines comes as one, and the reverse
        h = sign(good)
        return "h=%s\r\n%s\r\n" % (h, "&".join("%s=%s" % p for p in sorted(good)))
    if word == "split":
        pairs = [p for p in pairs_of(q, "BAD_OTP") if p[0] != "status"] + [("info", "x&status=OK")]
        return body(pairs)
    if word == "http":  # S11, S12, S25: a good reply with another code and headers
        return int(args[0]), [a.replace("_", " ") for a in args[1:]], body(good)
    if word == "empty":  # S13
        return ""
    if word == "html":
        return "<html><body>Please log in to the network.</body></html>"
    if word == "nonewline":
        return body(good).rstrip("\r\n")
    if word == "lf":
        return body(good, end="\n")
    if word == "cr":
        return body(good, end="\r")
    if word == "value":  # a value with something in it: key, hex
        return body([p for p in good if p[0] != args[0]] + [(args[0], bytes.fromhex(args[1]).decode("latin-1"))])
    if word == "longline":
        return body(good + [("x", "y" * int(args[0]))])
    if word == "lines":
        return body(good + [("k%d" % i, "v") for i in range(int(args[0]))])
    if word == "extra":  # a key that nobody knows, signed
        return body(good + [("serial", "12345")])
    if word == "status":  # S18, S19: that status, signed
        return body(pairs_of(q, args[0].replace("_ ", " ").replace("~", " ")))
    if word == "early":  # as servers say what went wrong before they knew the client
        return body([("t", "2026-11-21T01:32:57Z0123"), ("status", args[0])], key=b"")
    if word == "bare":  # signed, without otp and nonce
        return body([("t", "2026-11-21T01:32:57Z0123"), ("status", args[0])])
    if word == "skew":  # S26
        return body([("t", args[0])] + [p for p in good if p[0] != "t"])
    if word == "counter":  # these counters
        return body([p for p in good if p[0] not in ("sessioncounter", "sessionuse")] +
                    [("sessioncounter", args[0])] + ([("sessionuse", args[1])] if len(args) > 1 else []))
    raise ValueError(word)


def abort(conn):
    """RST in place of an orderly end."""
    raw = socket.socket(fileno=os.dup(conn.fileno()))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()
    raw.close()


def misbehave(conn, word, args, q):
    """What has to do with bytes and time; True when it took the request over."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    if word == "hang":  # S15
        time.sleep(120)
    elif word == "drip":  # S16: a byte a second
        text = head + b"Content-Length: 400\r\n\r\n" + body(pairs_of(q, "OK")).encode()
        for i in range(len(text)):
            conn.sendall(text[i:i + 1])
            time.sleep(1)
    elif word == "huge":  # S14: announced, or in chunks without an end
        left = 1 << 30
        chunked = args and args[0] == "chunked"
        conn.sendall(head + (b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n" % left))
        piece = b"x" * 65536
        while left > 0:
            conn.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
            left -= len(piece)
    elif word == "headers":  # without an end
        conn.sendall(b"HTTP/1.1 200 OK\r\n")
        for i in range(1 << 24):
            conn.sendall(b"X-%d: %s\r\n" % (i, b"y" * 1000))
    elif word == "continue":  # 100 for ever
        for _ in range(1 << 20):
            conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    elif word == "close":  # S17
        pass
    elif word == "reset":
        conn.sendall(head + b"Content-Length: 400\r\n\r\nh=")
        time.sleep(0.1)
        abort(conn)
        return True
    elif word == "cut":
        conn.sendall(head + b"Content-Length: 4000\r\n\r\n" + body(pairs_of(q, "OK")).encode())
    elif word == "garbage":  # S24: not HTTP at all
        conn.sendall(b"\x00\xffSSH-2.0-what\r\n" * 3)
    elif word == "wait":  # that long, then as the next words say
        time.sleep(float(args[0]))
        return False
    else:
        return False
    conn.close()
    return True


def serve_request(conn, line):
    q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(line.split()[1]).query))
    words = how()
    with open("%s/%d.log" % (FOLDER, PORT), "a") as f:
        f.write("%s %s %s\n" % (" ".join(words), q.get("otp", "?"), q.get("nonce", "?")))
    if not request_is_good(q):
        with open("%s/%d.log" % (FOLDER, PORT), "a") as f:
            f.write("BAD REQUEST %s\n" % line.strip())
    if misbehave(conn, words[0], words[1:], q) and words[0] != "wait":
        return False
    if words[0] == "wait":
        words = words[2:] or ["ok"]
    answer = reply(words[0], words[1:], q)
    code, headers, text = answer if isinstance(answer, tuple) else (200, [], answer)
    raw = text.encode("latin-1")
    head = "HTTP/1.1 %d Whatever\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n" % (code, len(raw))
    conn.sendall((head + "".join(h + "\r\n" for h in headers) + "\r\n").encode() + raw)
    return True


def serve(raw, context):
    try:
        raw.settimeout(300)
        conn = context.wrap_socket(raw, server_side=True) if context else raw
        f = conn.makefile("rb")
        while True:
            line = f.readline(8192)
            if not line:
                break
            while f.readline(8192) not in (b"\r\n", b"\n", b""):
                pass
            if not line.startswith(b"GET /"):
                break
            if not serve_request(conn, line.decode("latin-1")):
                break
        conn.close()
    except (OSError, ValueError, IndexError) as e:
        if isinstance(e, (ValueError, IndexError)):
            print("validation: %r" % e, file=sys.stderr)
        raw.close()


def tls():
    """By the word in FOLDER/PORT.tls: what is wrong with the encryption (S22)."""
    path = "%s/%d.tls" % (FOLDER, PORT)
    words = open(path).read().split() if os.path.exists(path) else []
    if "none" in words:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if "anonymous" in words:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ADH:AECDH:@SECLEVEL=0")
        return context
    if "old" in words:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain("%s/%s.pem" % (FOLDER, NAME))
    return context


def main():
    context = tls()
    listener = socket.socket(socket.AF_INET6 if ":" in os.environ.get("BIND", "") else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((os.environ.get("BIND", "127.0.0.1"), PORT))
    listener.listen(128)
    print("listening", PORT, flush=True)
    while True:
        conn, _ = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(conn, context), daemon=True).start()


main()
