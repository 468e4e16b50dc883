"""A QMP server that does as told, for tests. qmp_server.py PATH MODE [UID]

 Prints "ready" when it listens.

 good      answers as QEMU does; the console that add_client opens refuses a SPICE link by
           error 6, or greets as VNC does
 hang      takes the connection and says nothing
 drip      the greeting, a byte each 50 ms
 endless   a line without an end
 flood     good, and events without an end
 nonsense  no JSON
 deep      an object within 10,000 others
 refuse    answers add_client with an error
 mute      good until getfd; then nothing
 close     good until add_client; then it closes
 wrongid   answers with another command's id
 early     an answer before any question
 pause     good; STOP and RESUME by turns, each time PATH.state is written
"""
import array, json, os, select, socket, struct, sys, threading, time

GREETING = {"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}


def console(fd, protocol):
    s = socket.socket(fileno=fd)
    try:
        if protocol == "spice":  # a link reply with an error that is nobody else's
            s.recv(4096)
            s.sendall(struct.pack("<4sIIII", b"REDQ", 2, 2, 178, 6) + bytes(174))
        else:
            s.sendall(b"RFB 003.008\n")
        while s.recv(4096):
            pass
    except OSError:
        pass
    s.close()


class Server:
    def __init__(self, conn, path, mode):
        self.conn, self.path, self.mode = conn, path, mode
        self.fds, self.buf, self.lock = [], b"", threading.Lock()

    def say(self, what):
        data = what if isinstance(what, bytes) else json.dumps(what).encode() + b"\r\n"
        with self.lock:
            self.conn.sendall(data)

    def answer(self, request):
        name, reply = request["execute"], {"return": {}, "id": request.get("id")}
        if self.mode == "wrongid":
            reply["id"] = 12345
        if name == "query-status":
            reply["return"] = {"status": "running", "singlestep": False, "running": True}
            if self.mode == "flood":
                threading.Thread(target=self.flood, daemon=True).start()
        elif name == "getfd":
            if self.mode == "mute":
                return
            if not self.fds:
                reply = {"error": {"class": "GenericError", "desc": "no fd"}, "id": request.get("id")}
        elif name == "add_client":
            if self.mode == "close":
                self.conn.shutdown(socket.SHUT_RDWR)
                return
            if self.mode == "refuse" or request["arguments"].get("skipauth") is not True:
                reply = {"error": {"class": "GenericError", "desc": "no\x1bsuch protocol"}, "id": request.get("id")}
            else:
                threading.Thread(target=console, args=(self.fds.pop(), request["arguments"]["protocol"]), daemon=True).start()
        self.say(reply)

    def flood(self):
        event = json.dumps({"event": "RTC_CHANGE", "timestamp": {"seconds": 1, "microseconds": 2}}).encode() + b"\r\n"
        try:
            while True:
                self.say(event * 200)
        except OSError:
            pass

    def watch(self):
        while True:
            time.sleep(0.05)
            if os.path.exists(self.path + ".state"):
                with open(self.path + ".state") as f:
                    name = f.read().strip()
                if not name:  # it is being written
                    continue
                os.unlink(self.path + ".state")
                self.say({"event": name, "timestamp": {"seconds": 1, "microseconds": 2}})

    def run(self):
        mode = self.mode
        if mode == "hang":
            time.sleep(3600)
        if mode == "drip":
            for c in json.dumps(GREETING):
                self.say(c.encode())
                time.sleep(0.05)
        if mode == "endless":
            while True:
                self.say(b"x" * 4096)
        if mode == "nonsense":
            self.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            time.sleep(3600)
        if mode == "deep":
            self.say(b'{"a":' * 10000 + b"1" + b"}" * 10000 + b"\r\n")
            time.sleep(3600)
        if mode == "early":
            self.say({"return": {}, "id": 1})
            time.sleep(3600)
        self.say(GREETING)
        if mode == "pause":
            threading.Thread(target=self.watch, daemon=True).start()
        while True:
            data, anc, _, _ = self.conn.recvmsg(4096, socket.CMSG_LEN(16))
            if not data:
                return
            for level, kind, bytes_ in anc:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    got = array.array("i")
                    got.frombytes(bytes_)
                    self.fds += list(got)
            self.buf += data
            while b"\n" in self.buf:
                line, self.buf = self.buf.split(b"\n", 1)
                self.answer(json.loads(line))


def main():
    path, mode = sys.argv[1:3]
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    if len(sys.argv) > 3: # whose socket it is, is who calls listen()
        os.setuid(int(sys.argv[3]))
    listener.listen(128)  # who is kept waiting is given up, and connected anew
    print("ready", flush=True)
    count = 0
    while True: # one client at a time, as QEMU
        conn, _ = listener.accept()
        count += 1
        try:
            with open(path + ".count", "w") as f:
                f.write(str(count))
            Server(conn, path, mode).run()
        except (OSError, ValueError):
            pass
        conn.close()


main()
