"""A VNC viewer without a screen, over a command's standard input and output.

    rfb.py COMMAND…     "screen WIDTHxHEIGHT" when it is in, "looked" for each picture that
                        has come, and last "closed STATUS", the command's. Takes orders,
                        a line each: "look", "type CHARACTERS"
"""
import struct
import subprocess
import sys
import threading

RAW = 0


def say(text):
    print(text, flush=True)


class Viewer:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def get(self, form):
        size = struct.calcsize(">" + form)
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise EOFError
        return struct.unpack(">" + form, data)

    def skip(self, size):
        while size > 0:
            piece = self.process.stdout.read(min(size, 1 << 16))
            if not piece:
                raise EOFError
            size -= len(piece)

    def put(self, form, *values):
        self.process.stdin.write(struct.pack(">" + form, *values))
        self.process.stdin.flush()

    def begin(self):  # RFC 6143, 7.1 to 7.3; no authentication
        self.get("12s")
        self.put("12s", b"RFB 003.008\n")
        self.skip(self.get("B")[0])
        self.put("B", 1)
        if self.get("I") != (0,):
            sys.exit("refused")
        self.put("B", 1)
        self.width, self.height, bits, *_, name = self.get("HHBBBBHHHBBB3xI")
        self.pixel = bits // 8
        self.skip(name)
        self.put("BxHi", 2, 1, RAW)
        say(f"screen {self.width}x{self.height}")

    def look(self):
        self.put("BBHHHH", 3, 0, 0, 0, self.width, self.height)

    def type(self, text):
        for character in text:
            for is_down in 1, 0:
                self.put("BBxxI", 4, is_down, ord(character))

    def obey(self):
        try:
            for line in sys.stdin:
                verb, _, rest = line.rstrip("\n").partition(" ")
                self.look() if verb == "look" else self.type(rest)
        except BrokenPipeError:
            pass

    def take(self):
        kind, = self.get("B")
        if kind == 0:
            for _ in range(self.get("xH")[0]):
                _, _, width, height, _ = self.get("HHHHi")
                self.skip(width * height * self.pixel)
            say("looked")
        elif kind == 3:
            self.skip(self.get("3xI")[0])


def main():
    viewer = Viewer(sys.argv[1:])
    try:
        viewer.begin()
        threading.Thread(target=viewer.obey, daemon=True).start()
        while True:
            viewer.take()
    except (EOFError, BrokenPipeError):
        pass
    say(f"closed {viewer.process.wait()}")


main()
