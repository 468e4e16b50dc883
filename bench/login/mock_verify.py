#!/usr/bin/python3
"""A validation server (protocol 2.0) that says OK to everything, at once.

mock_verify.py PORT CERTIFICATE KEY API-KEY(base64)

Connections stay open, as at a real one. For measuring: it checks nothing.
"""
import base64
import hashlib
import hmac
import http.server
import ssl
import sys
import time
import urllib.parse

SECRET = base64.b64decode(sys.argv[4])


def signed(fields):
    text = "&".join("%s=%s" % pair for pair in sorted(fields.items()))
    mac = hmac.new(SECRET, text.encode(), hashlib.sha1).digest()
    return dict(fields, h=base64.b64encode(mac).decode())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment for the whole answer

    def do_GET(self):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        now = time.time()
        fields = signed({
            "t": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)) + "%04d" % (now % 1 * 1000),
            "otp": asked.get("otp", ""), "nonce": asked.get("nonce", ""),
            "sl": "100", "status": "OK"})
        body = "".join("%s=%s\r\n" % pair for pair in fields.items()).encode() + b"\r\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


main()
