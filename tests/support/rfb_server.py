"""A VM's VNC server without a screen: whoever looks gets a picture of 8x8; no password.

    rfb_server.py PATH UID     "ready" when it listens
"""
import os
import socket
import struct
import sys
import threading

SIDE = 8
LENGTHS = {0: 20, 3: 10, 4: 8, 5: 6}  # RFC 6143, 7.5; with the type
PICTURE = struct.pack(">BxHHHHHi", 0, 1, 0, 0, SIDE, SIDE, 0) + bytes(SIDE * SIDE * 4)


def get(conn, size):
    data = b""
    while len(data) < size:
        piece = conn.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def begin(conn):
    conn.sendall(b"RFB 003.008\n")
    get(conn, 12)
    conn.sendall(b"\1\1")
    get(conn, 1)
    conn.sendall(struct.pack(">I", 0))
    get(conn, 1)
    conn.sendall(struct.pack(">HHBBBBHHHBBB3xI", SIDE, SIDE, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0, 4) + b"none")


def obey(conn):
    kind = get(conn, 1)[0]
    if kind == 2:
        get(conn, 4 * struct.unpack(">xH", get(conn, 3))[0])
    elif kind == 6:
        get(conn, struct.unpack(">3xI", get(conn, 7))[0])
    else:
        get(conn, LENGTHS[kind] - 1)
    if kind == 3:
        conn.sendall(PICTURE)


def serve(conn):
    with conn:
        try:
            begin(conn)
            while True:
                obey(conn)
        except (EOFError, OSError):
            pass


def main():
    path, uid = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.setgroups([])
    os.setuid(int(uid))
    listener.listen(64)
    print("ready", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


main()
