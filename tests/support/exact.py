"""The same things done by the same user through two sshds: one that knows nothing of the
gate, one that has it. What comes back, message by message, must be the same.

usage: exact.py USER KEYFILE PLAIN-PORT GATED-PORT COMMAND-THAT-PRINTS-AN-OTP

A case is a function of a Side; it gives what is to be compared. What differs on purpose
stands in DIFFERS, with its reason.
"""
import difflib
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import paramiko
from paramiko.common import (MSG_CHANNEL_CLOSE, MSG_CHANNEL_DATA, MSG_CHANNEL_EOF, MSG_CHANNEL_EXTENDED_DATA,
                             MSG_CHANNEL_FAILURE, MSG_CHANNEL_REQUEST, MSG_CHANNEL_SUCCESS, cMSG_CHANNEL_REQUEST)

USER, KEYFILE, PLAIN, GATED, PRESS = sys.argv[1:]
IN_SHELL = os.environ.get("OTP_IN") == "shell"  # it is sallyport-shell that asks
PATIENCE = 60
READY = rb"ready\r?\n"  # the whole line: on a terminal ^C takes away what nobody has read
logging.getLogger("paramiko").setLevel(logging.CRITICAL)
failed = 0

# --- a channel that remembers every message of the server's --------------------------

TABLE = paramiko.Transport._channel_handler_table
EVENTS = {MSG_CHANNEL_SUCCESS: "success", MSG_CHANNEL_FAILURE: "failure", MSG_CHANNEL_REQUEST: "request",
          MSG_CHANNEL_EOF: "eof", MSG_CHANNEL_CLOSE: "close"}


def remembering(kind, handler):
    def handle(channel, message):
        session, body = channel.session, message.get_remainder()
        result = handler(channel, message)
        with session.changed:
            if kind == MSG_CHANNEL_DATA:
                session.out += channel.recv(1 << 20)
            elif kind == MSG_CHANNEL_EXTENDED_DATA:
                session.err += channel.recv_stderr(1 << 20)
            else:
                session.events.append((EVENTS[kind], body))
            session.changed.notify_all()
        return result
    return handle


for number in (MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA, *EVENTS):
    TABLE[number] = remembering(number, TABLE[number])


class Session:
    """One session channel: what the server said is in out, err and events."""

    def __init__(self, transport, command=None, pty=None, size=(80, 24)):
        self.out, self.err, self.events = bytearray(), bytearray(), []
        self.changed = threading.Condition()
        self.channel = paramiko.Channel.__new__(paramiko.Channel)
        transport.session_to_be = self
        self.channel = transport.open_session(timeout=PATIENCE)
        if pty is not None:
            self.ask("pty-req", lambda m: (m.add_string("xterm"), m.add_int(size[0]), m.add_int(size[1]),
                                           m.add_int(0), m.add_int(0), m.add_string(pty)))
        if command is None:
            self.channel.invoke_shell()
        else:
            self.channel.exec_command(command)

    def ask(self, what, fill, wants_reply=True):
        m = paramiko.Message()
        m.add_byte(cMSG_CHANNEL_REQUEST)
        m.add_int(self.channel.remote_chanid)
        m.add_string(what)
        m.add_boolean(wants_reply)
        fill(m)
        if wants_reply:
            self.channel._event_pending()
        self.channel.transport._send_user_message(m)
        if wants_reply:
            self.channel._wait_for_event()

    def resize(self, columns, rows):
        self.channel.resize_pty(columns, rows)

    def signal(self, name):
        self.ask("signal", lambda m: m.add_string(name), wants_reply=False)

    def send(self, data):
        self.channel.sendall(data)
        return self

    def eof(self):
        self.channel.shutdown_write()
        return self

    def until(self, what, seconds=PATIENCE):
        """Waits until what() holds."""
        with self.changed:
            if not self.changed.wait_for(what, seconds):
                raise TimeoutError(f"out {bytes(self.out[-300:])!r} err {bytes(self.err[-300:])!r} {self.events}")
        return self

    def says(self, pattern):
        return self.until(lambda: re.search(pattern, self.out))

    def has(self, kind):
        return any(event[0] == kind for event in self.events)

    def end(self):
        """All that was said. Exit and EOF may overtake each other in sshd; nothing else may."""
        self.until(lambda: self.has("close"))
        events = self.events[:-1]
        return (bytes(self.out), bytes(self.err), sorted(events), self.events[-1])


class RememberedChannel(paramiko.Channel):
    def _set_transport(self, transport):
        super()._set_transport(transport)
        self.session = transport.session_to_be


paramiko.transport.Channel = RememberedChannel


def press():
    return subprocess.check_output(PRESS, shell=True, text=True).strip()


class Side:
    def __init__(self, name, port, is_gated):
        self.name, self.port, self.is_gated = name, int(port), is_gated
        self.transport = self.connect()

    def connect(self):
        transport = paramiko.Transport(("127.0.0.1", self.port))
        transport.start_client(timeout=PATIENCE)
        left = transport.auth_publickey(USER, paramiko.Ed25519Key.from_private_key_file(KEYFILE))
        if self.is_gated and not IN_SHELL:
            assert left == ["keyboard-interactive"], left
            # PAM's last word comes as a request without questions.
            transport.auth_interactive(USER, lambda _, __, questions: [press() for _ in questions])
        assert transport.is_authenticated()
        return transport

    def run(self, command, data=None, **options):
        """A command from its beginning to its end; data: all of its input."""
        session = Session(self.transport, command, **options)
        if data is not None:
            try:
                session.send(data)
            except OSError:  # it has ended before it was told anything
                if not session.channel.closed:
                    raise
        if "pty" not in options:
            session.eof()
        return session.end()

    def asked(self, command, pty):
        """A session of a new connection, behind sallyport-shell's prompt."""
        session = Session(self.connect(), command, pty=pty)
        if self.is_gated:
            session.says(rb"YubiKey for .*: $").send(press() + "\r").says(rb"YubiKey for .*: \r?\n")
            with session.changed:
                del session.out[:re.search(rb"YubiKey for .*: \r?\n", session.out).end()]
        return session

    def file(self, name):
        """A path of this side's own."""
        return f"/tmp/exact.{self.name}.{name}"


# --- the comparison ------------------------------------------------------------------

CASES = []


def case(what, in_shell=False):
    def take(function):
        if in_shell == IN_SHELL:
            CASES.append((what, function))
        return function
    return take


def plain_text(value, side):
    """Numbers that no two runs have in common are taken out."""
    text = value if isinstance(value, str) else repr(value)
    for pattern, word in ((r"/dev/pts/\d+", "/dev/pts/N"), (r"\bpts/\d+", "pts/N"), (r"(pipe|socket):\[\d+\]", r"\1:[N]"),
                          (r"/proc/\d+", "/proc/N"), (r"session-\d+", "session-N"), (r"autogroup-\d+", "autogroup-N"), ("plain-sshd", "sshd"),
                          (re.escape(f"exact.{side.name}."), "exact.SIDE.")):
        text = re.sub(pattern, word, text)
    return text


def compare(what, function, sides):
    global failed
    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(function, side) for side in sides]
    texts = []
    for side, result in zip(sides, results):
        try:
            texts.append(plain_text(result.result(), side))
        except Exception as error:  # the others shall be tried, too
            texts.append(f"{side.name}: {type(error).__name__}: {error}")
    if texts[0] == texts[1] and "Error:" not in texts[0]:
        print("ok    as without us:", what, flush=True)
        return
    failed += 1
    print("FAIL ", what, flush=True)
    for line in difflib.unified_diff(texts[0].splitlines(), texts[1].splitlines(), "without", "with", lineterm="", n=0):
        print("     ", line[:600])
    if os.environ.get("VERBOSE"):
        print(texts[0], texts[1], sep="\n")


def wait_for(path, *words):
    """Until that file's last word is one of these."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and open(path).read().split()[-1:] not in [[word] for word in words]:
        time.sleep(0.05)


# --- ends ----------------------------------------------------------------------------

@case("exit status, each of eleven")
def _(side):
    return [side.run(f"exit {n}") for n in (0, 1, 2, 4, 77, 126, 127, 128, 200, 254, 255)]


@case("exit signal, each that ends a process")
def _(side):
    return [side.run(f"ulimit -c 0; kill -{n} $$; exec sleep 9") for n in
            (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 31, 34, 64)]


@case("a program, not a shell, ended by a signal")
def _(side):
    return [side.run(f"ulimit -c 0; exec dash -c 'kill -{n} $$'") for n in (3, 15)]


@case("no such command; a folder; a file that may not be executed")
def _(side):
    return [side.run(c) for c in ("no-such-command", "/tmp", "/etc/passwd", "exec /nonexistent", "syntax ( error")]


@case("the background holds standard output: the end comes with it")
def _(side):
    begun = time.monotonic()
    said = side.run("(sleep 1; echo late; echo later >&2) & echo early; exit 3")
    return said, time.monotonic() - begun >= 0.9


@case("on a terminal the end does not wait for it, and it is hung up")
def _(side):
    path, begun = side.file("left"), time.monotonic()
    said = side.run(f"(exec 2>/dev/null; trap 'echo hup >{path}; exit' HUP; echo x >{path}; for i in {{1..30}}; do sleep 1; done; echo on >{path}) & "
                    f"until [ -s {path} ]; do sleep 0.05; done; echo early; exit 3", pty=b"\0")
    quick = time.monotonic() - begun < 20
    wait_for(path, "hup", "on")
    return said, quick, open(path).read()


# --- bytes ---------------------------------------------------------------------------

ALL = bytes(range(256)) * 16


@case("all 256 bytes: in, out, error")
def _(side):
    assert side.run("cat", ALL)[0] == ALL
    return side.run("cat", ALL), side.run("cat >&2", ALL), side.run("tee /dev/stderr", ALL)


@case("all 256 bytes through a raw terminal, and a cooked one")
def _(side):
    raw = Session(side.transport, "stty raw -echo; echo ready; head -c 4096 | od -An -tx1", pty=b"\0").says(READY)
    cooked = Session(side.transport, "echo ready; cat -v", pty=b"\0").says(READY)
    return raw.send(ALL).end(), cooked.send(b"a\tb\xc3\xa4\xff\r\x04").end()


@case("output and error apart, and in their order within each")
def _(side):
    return side.run("for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done; printf 'no newline'; printf same >&2")


@case("1 MB on each of three streams at once")
def _(side):
    said = side.run("head -c 1000000 /dev/zero >&2 & sha256sum; head -c 1000000 /dev/zero | tr '\\0' x; wait", b"y" * 1000000)
    return len(said[0]), len(said[1]), said[0][:70], said[2:]


@case("no byte before or after")
def _(side):
    return side.run("true"), side.run(""), side.run("sleep 0.5", b"unread input")


@case("input that nobody reads; output that goes on when it is closed")
def _(side):
    return side.run("exec 0<&-; sleep 0.3; echo still; exit 4", b"z" * 500000), side.run("exec >&- 2>&-; sleep 0.2; exit 5")


@case("half-close: input ends, output goes on; output ends, input goes on")
def _(side):
    path = side.file("half")
    first = Session(side.transport, "cat; echo behind; sleep 0.2; echo more; exit 6").send(b"before\n").says(b"before").eof().end()
    second = Session(side.transport, f"exec >&- 2>&-; cat >{path}; exit 7")
    second.until(lambda: second.has("eof"))
    order = [event[0] for event in second.events]
    return first, order, second.send(b"to the last").eof().end(), open(path).read()


@case("what ends by SIGPIPE, and what is told of it")
def _(side):
    return side.run("yes | head -c 100000 | wc -c; echo ${PIPESTATUS[@]}"), side.run("(trap '' PIPE; yes 2>&1) | head -1")


# --- terminals -----------------------------------------------------------------------

def modes(**chosen):
    """RFC 4254, section 8."""
    numbers = {"VINTR": 1, "VQUIT": 2, "VERASE": 3, "VKILL": 4, "VEOF": 5, "VEOL": 6, "VSUSP": 10, "VWERASE": 14, "VLNEXT": 15,
               "IGNPAR": 30, "PARMRK": 31, "INPCK": 32, "ISTRIP": 33, "INLCR": 34, "IGNCR": 35, "ICRNL": 36, "IXON": 38, "IXANY": 39, "IXOFF": 40,
               "IMAXBEL": 41, "IUTF8": 42, "ISIG": 50, "ICANON": 51, "ECHO": 53, "ECHOE": 54, "ECHOK": 55, "ECHONL": 56, "NOFLSH": 57,
               "TOSTOP": 58, "IEXTEN": 59, "ECHOCTL": 60, "ECHOKE": 61, "OPOST": 70, "ONLCR": 72, "OCRNL": 73, "ONOCR": 74, "ONLRET": 75,
               "CS7": 90, "CS8": 91, "PARENB": 92, "PARODD": 93, "ISPEED": 128, "OSPEED": 129}
    return b"".join(bytes([numbers[k]]) + v.to_bytes(4, "big") for k, v in chosen.items()) + b"\0"


@case("terminal modes: none, odd ones, each turned round")
def _(side):
    odd = modes(VINTR=7, VERASE=8, VKILL=24, VEOF=26, ICRNL=0, IXON=0, IXANY=1, ECHO=0, ECHONL=1, ISIG=0, ONLCR=0, IUTF8=1, ISPEED=9600, OSPEED=9600)
    turned = modes(IGNPAR=1, ISTRIP=1, INLCR=1, IMAXBEL=0, ICANON=0, ECHOE=0, ECHOK=0, NOFLSH=1, TOSTOP=1, IEXTEN=0, ECHOCTL=0, OPOST=0, CS7=1, PARENB=1)
    return [side.run("stty -a; stty -g; stty size", pty=m, size=s) for m, s in
            ((b"\0", (80, 24)), (odd, (132, 43)), (turned, (1, 1)), (b"", (0, 0)), (modes(ECHO=0, ONLCR=0), (4000, 2000)))]


@case("a change of the window")
def _(side):
    # What is interrupted is cat: bash goes on when ^C comes as its `sleep` ends by itself.
    s = Session(side.transport, "was=; while sleep 0.05; do is=$(stty size); [ \"$is\" = \"$was\" ] || echo $is; was=$is; "
                "[ \"$is\" != '100 300' ] || exec cat; done", pty=modes(ECHO=0)).says(rb"24 80\r\n")
    for columns, rows in ((100, 40), (7, 5), (300, 100)):
        s.resize(columns, rows)
        s.says(rb"%d %d\r\n" % (rows, columns))
    told = Session(side.transport, "trap 'stty size; exit 4' WINCH; echo ready; while sleep 0.05; do :; done", pty=b"\0").says(READY)
    told.resize(90, 30)
    return s.send(b"\x03").end(), told.end()


@case("the keys ^C, ^\\, ^Z, ^D")
def _(side):
    ends = []
    for key in (b"\x03", b"\x1c", b"\x04"):
        s = Session(side.transport, "ulimit -c 0; cat", pty=b"\0").send(b"x\r").says(b"x\r\nx\r\n")
        ends.append(s.send(key).end())
    s = Session(side.transport, "echo ready; cat; echo awake", pty=b"\0").says(READY)
    return ends, s.send(b"\x1a").says(rb"\^Z").send(b"\x04").end()


@case("a login shell on a terminal: job control, its own words and status")
def _(side):
    s = Session(side.transport, None, pty=b"\0")
    s.says(rb"\$ $")
    # Its prompt is not in its echo; a job whose end bash sees only in `wait` may go unsaid;
    # and bash is running or asleep, as it happens, while ps looks.
    for line, answer in ((rb"PS1='>'\ ; bind 'set enable-bracketed-paste off'", rb"> $"), (b"echo $0 $- ${SSH_TTY#/dev/}", rb"himBHs pts/\d+\r\n> $"),
                         (b"sleep 99 &", rb"\[1\] \d+\r\n> $"), (b"jobs", rb"Running .*\n> $"),
                         (b"kill %1; while kill -0 $! 2>&-; do sleep 0.05; done; wait; echo waited", rb"waited\r\n> $"),
                         (b"ps -o stat= -p $$ | tr DR S", rb"S[NLs]+\+?\r\n> $")):
        s.send(line + b"\r").says(answer)
    s.send(b"exit 9\r")
    out, *rest = s.end()
    return re.sub(rb"\[1\] \d+", b"[1] N", out), rest


@case("a login shell without a terminal")
def _(side):
    return Session(side.transport, None).send(b"echo $0 $-; shopt login_shell; tty; exit 8\n").eof().end()


@case("a terminal whose input ends")
def _(side):
    return Session(side.transport, "echo ready; cat; echo behind", pty=b"\0").says(READY).send(b"x\r\x04").end()


# --- what a process is given -----------------------------------------------------------

@case("credentials, groups, limits, masks, niceness, folder, descriptors, session")
def _(side):
    return side.run("/usr/local/bin/probe a 'b c'")[0].decode()


@case("the same on a terminal")
def _(side):
    return side.run("/usr/local/bin/probe", pty=b"\0")[0].decode()


@case("the same in a declared command (run:probe)")
def _(side):
    return side.run("probe" if side.is_gated else "exec /usr/local/bin/probe")[0].decode()


@case("words: quotes, blanks, newlines, globs, 8 bits")
def _(side):
    return [side.run(c) for c in ("cd /; printf '%s|' \"a  b\" 'c $d' e*; echo", "printf 'a\nb'\necho c", b"printf '\xff\xc3\xa4'",
                                  "tr '\\0' '\\n' </proc/$$/cmdline", "#", "echo \\", "  echo  x  ", "echo " + "a" * 130900)]


# --- hang-ups ----------------------------------------------------------------------------

WATCH = ("for s in HUP TERM CONT INT QUIT PIPE USR1; do trap \"echo $s >>{0}; [ $s = CONT ] || exit\" $s; done; echo begun >{0}; echo ready; "
         "until [ -e {0}.go ]; do sleep 0.05; done; i=0; while [ $i -lt 25 ]; do i=$((i+1)); sleep 0.05; done; echo over >>{0}")
READ = "echo begun >{0}; echo ready; cat >/dev/null; echo eof >>{0}; trap 'echo pipe >>{0}; exit' PIPE; for i in {{1..60}}; do echo x; sleep 0.05; done; echo over >>{0}"


def signals_of(path):
    """HUP and CONT come together: which trap runs first is the shell's matter."""
    lines = open(path).read().split()
    return [line for line in lines if line != "CONT"]


def hung_up(side, name, transport):
    watched = Session(transport, WATCH.format(side.file(name + ".w")), pty=b"\0").says(READY)
    reading = Session(transport, READ.format(side.file(name + ".r"))).says(READY)
    quiet = Session(transport, WATCH.format(side.file(name + ".q"))).says(READY)
    if transport is not side.transport:
        transport.sock.shutdown(socket.SHUT_RDWR)
    else:
        for session in (watched, reading, quiet):
            session.channel.close()
    paths = [side.file(name + end) for end in (".w", ".r", ".q")]
    wait_for(paths[0], "HUP", "TERM", "INT", "QUIT", "PIPE", "USR1")
    for path in paths:  # the time of who is told nothing begins now, however long all this took
        open(path + ".go", "w").close()
    for path in paths:
        wait_for(path, "HUP", "TERM", "INT", "PIPE", "pipe", "over")
    return [signals_of(path) for path in paths]


@case("the channel is closed: who gets which signal")
def _(side):
    return hung_up(side, "closed", side.transport)


@case("the connection is lost: who gets which signal")
def _(side):
    several = [side.connect() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda n: hung_up(side, f"lost{n}", several[n]), range(3)))


# --- behind the prompt of sallyport-shell -----------------------------------------------

@case("behind its prompt: the terminal's modes", in_shell=True)
def _(side):
    odd = modes(VINTR=7, VERASE=8, VKILL=24, ICRNL=0, IXON=0, IXANY=1, ECHO=0, ECHONL=1, ISIG=0, ONLCR=0, IUTF8=1)
    return [side.asked("stty -a; stty -g; stty size", m).end() for m in (b"\0", odd)]


@case("behind its prompt: signals, limits, descriptors", in_shell=True)
def _(side):
    return side.asked("/usr/local/bin/probe", b"\0").end()[0].decode()


@case("behind its prompt: keys, a change of the window, the end", in_shell=True)
def _(side):
    # What is interrupted is cat: bash goes on when ^C comes as its `sleep` ends by itself.
    s = side.asked("trap 'stty size; told=1' WINCH; trap 'echo int; exit 5' INT; echo ready; until [ \"$told\" ]; do sleep 0.05; done; cat", b"\0").says(READY)
    s.resize(100, 40)
    s.says(rb"40 100\r\n").send(b"x\r").says(rb"x\r\nx\r\n")
    return s.send(b"\x03").end()


# --- what differs, on purpose --------------------------------------------------------------

DIFFERS = {
    "PATH": "ours is fixed: no file of the user's or of PAM's decides it",
    "MAIL": "not on the list",
    "LC_ODD": "not on the list",
    "LC_PAPER": "on the list, but its value names a path",
    "EXACT_BY_PAM": "what PAM sets goes on by name only",
    "MOTD_SHOWN": "what PAM sets goes on by name only",
}


def environment(side):
    session = Session.__new__(Session)
    session.out, session.err, session.events, session.changed = bytearray(), bytearray(), [], threading.Condition()
    side.transport.session_to_be = session
    session.channel = side.transport.open_session()
    for name, value in (("LANG", "C.UTF-8"), ("LC_TIME", "C"), ("LC_ODD", "1"), ("LC_PAPER", "../x")):
        session.channel.set_environment_variable(name, value)
    session.channel.exec_command("env -0")
    entries = session.eof().end()[0].decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def compare_environment(sides):
    global failed
    without, with_us = (environment(side) for side in sides)
    ports = {str(side.port) for side in sides}
    for name in sorted(without.keys() | with_us.keys()):
        a, b = without.get(name), with_us.get(name)
        if name in ("SSH_CLIENT", "SSH_CONNECTION"):  # two connections: not the ports
            a, b = (" ".join(w for i, w in enumerate(v.split()) if i != 1 and w not in ports) if v else v for v in (a, b))
        if a == b or name == "XDG_SESSION_ID" and a and b:
            print("ok    environment:", name, "is the same")
        elif name in DIFFERS:
            print("ok    environment:", name, "differs on purpose:", DIFFERS[name])
        else:
            failed += 1
            print("FAIL  environment:", name, repr(a), "without,", repr(b), "with us")


def compare_signal_requests(sides):
    """sshd delivers no client's signal to a forced command, whatever it is."""
    global failed
    got = []
    for side, seconds in zip(sides, (30, 1)):
        s = Session(side.transport, f"trap 'echo term; exit 3' TERM; echo ready; sleep {seconds} >/dev/null 2>&1 & wait; echo over")
        s.says(READY).signal("TERM")
        got.append(s.end()[0])
    if got == [b"ready\nterm\n", b"ready\nover\n"]:
        print("ok    a signal asked for by the client differs on purpose: sshd has none for forced commands")
    else:
        failed += 1
        print("FAIL  a signal asked for by the client:", got)


def main():
    sides = (Side("plain", PLAIN, False), Side("gated", GATED, True))
    only = os.environ.get("ONLY", "")
    for what, function in CASES:
        if only in what:
            compare(what, function, sides)
    if not IN_SHELL:
        compare_environment(sides)
        compare_signal_requests(sides)
    for side in sides:
        side.transport.close()
    sys.exit(1 if failed else 0)


main()
