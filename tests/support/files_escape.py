#!/usr/bin/env python3
"""Tries to get out of a file transfer's walls, by the SFTP protocol itself.

    files_escape.py NAME single|many|real reads|writes COMMAND…

COMMAND starts sftp-server inside (files_driver) on the folders of tests/attack/files.sh.
After each attempt what lies outside is compared with what it was (contents, times, modes,
owners, links), and what was read is searched for what only lies there. A line "ok NAME:
attempt" each; exit 1 when one got out.
"""
import hashlib
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

OUT = "/srv/outside"
HOME = "/home/anne"
REAL = {"webdev": "/srv/vms/webdev", "books": "/srv/vms/books", "vault": "/srv/vms/vault"}
MARK = b"CANARY"
READ, WRITE, APPEND, CREATE, TRUNC = 1, 2, 4, 8, 16
TYPES = {"version": 1, "open": 3, "close": 4, "read": 5, "write": 6, "lstat": 7, "setstat": 9,
          "fsetstat": 10, "opendir": 11, "readdir": 12, "remove": 13, "mkdir": 14, "rmdir": 15,
          "realpath": 16, "stat": 17, "rename": 18, "readlink": 19, "symlink": 20, "extended": 200}
A_SIZE, A_IDS, A_MODE, A_TIME = 1, 2, 4, 8


class Refused(Exception):
    """The server said no."""


def s(text):
    raw = text if isinstance(text, bytes) else os.fsencode(text)
    return struct.pack(">I", len(raw)) + raw


def attrs(size=None, ids=None, mode=None, times=None):
    out, flags = b"", 0
    if size is not None:
        flags, out = flags | A_SIZE, out + struct.pack(">Q", size)
    if ids is not None:
        flags, out = flags | A_IDS, out + struct.pack(">II", *ids)
    if mode is not None:
        flags, out = flags | A_MODE, out + struct.pack(">I", mode)
    if times is not None:
        flags, out = flags | A_TIME, out + struct.pack(">II", *times)
    return struct.pack(">I", flags) + out


class Server:
    """SFTP version 3, one request at a time."""

    def __init__(self, command):
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.id = 0
        self.send(struct.pack(">BI", 1, 3))
        try:
            self.receive()
        except Refused:
            sys.exit("no server: " + self.p.stderr.read().decode())
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        while self.p.stderr.read1(65536):
            pass

    def send(self, packet):
        self.p.stdin.write(struct.pack(">I", len(packet)) + packet)
        self.p.stdin.flush()

    def receive(self):
        head = self.p.stdout.read(4)
        if len(head) < 4:
            raise Refused("the server is gone")
        return self.p.stdout.read(struct.unpack(">I", head)[0])

    def ask(self, kind, *fields):
        self.id += 1
        self.send(struct.pack(">BI", TYPES[kind], self.id) + b"".join(fields))
        got = self.receive()
        if got[0] == 101:
            if struct.unpack(">I", got[5:9])[0] != 0:
                raise Refused(got[13:].decode(errors="replace"))
            return b""
        return got[5:]

    def open(self, path, flags, **a):
        return self.ask("open", s(path), struct.pack(">I", flags), attrs(**a))[4:]

    def close(self, handle):
        self.ask("close", s(handle))

    def read(self, path, flags=READ):
        handle, out = self.open(path, flags), b""
        try:
            out = self.ask("read", s(handle), struct.pack(">QI", 0, 4096))[4:]
        except Refused:
            pass
        self.close(handle)
        return out

    def write(self, path, flags=WRITE, data=b"changed"):
        handle = self.open(path, flags)
        try:
            self.ask("write", s(handle), struct.pack(">Q", 0), s(data))
        finally:
            self.close(handle)
        return b""

    def list(self, path):
        handle, out = self.ask("opendir", s(path))[4:], b""
        try:
            while True:
                out += self.ask("readdir", s(handle))
        except Refused:
            pass
        self.close(handle)
        return out

    def setstat(self, path, **a):
        return self.ask("setstat", s(path), attrs(**a))

    def extended(self, name, *fields):
        return self.ask("extended", s(name), *fields)

    def end(self):
        self.p.stdin.close()
        try:
            self.p.wait(5)
        except subprocess.TimeoutExpired:
            self.p.kill()


# --- what lies outside -----------------------------------------------------------------

def one(path):
    st = os.lstat(path)
    what = [path, st.st_mode, st.st_uid, st.st_gid, st.st_nlink, st.st_size, st.st_mtime_ns,
            st.st_ctime_ns]
    if os.path.islink(path):
        what.append(os.readlink(path))
    else:
        what.append([(x, os.getxattr(path, x)) for x in os.listxattr(path)])
        if os.path.isfile(path):
            what.append(hashlib.sha256(open(path, "rb").read()).hexdigest())
    return what


def snapshot(roots=(OUT, HOME, REAL["vault"], "/srv", "/etc/passwd", "/etc/hostname")):
    out = []
    for root in roots:
        out.append(one(root))
        if root in ("/srv",) or not os.path.isdir(root):
            continue
        for folder, dirs, names in os.walk(root):
            out += [one(os.path.join(folder, n)) for n in sorted(dirs + names)]
    return out


# --- attempts --------------------------------------------------------------------------

def attempts(t, kind, at):
    """(name, function): what the function returns was read outside, if MARK is in it."""
    w, b, v = at["webdev"], at["books"], at["vault"]
    secret, inner, new = OUT + "/secret", OUT + "/dir/CANARY-name", OUT + "/new"
    up = "../" * 12

    def made(target, use):
        """A symbolic link made now, and something done through it."""
        def attempt():
            try:
                t.ask("remove", s(w + "/made"))
            except Refused:
                pass
            t.ask("symlink", s(target), s(w + "/made"))
            return use(w + "/made")
        return attempt

    def seen(path, ask="stat"):
        def attempt():
            t.ask(ask, s(path))
            return b"" if kind == "real" else MARK
        return attempt

    def hard(old, new_name):
        def attempt():
            t.extended("hardlink@openssh.com", s(old), s(new_name))
            return t.read(new_name)
        return attempt

    def moved(old, new_name):
        def attempt():
            t.ask("rename", s(old), s(new_name))
            return t.read(new_name)
        return attempt

    def moved_posix(old, new_name):
        return lambda: t.extended("posix-rename@openssh.com", s(old), s(new_name))

    def any_fd():
        out = b""
        for n in range(12):
            for how in (lambda p: t.read(p), lambda p: t.list(p), lambda p: t.list(p + "/..")):
                try:
                    out += how(f"/proc/self/fd/{n}")
                except Refused:
                    pass
        return out

    def by_handle(**a):
        def attempt():
            handle = t.open(v + "/v", READ)
            try:
                return t.ask("fsetstat", s(handle), attrs(**a))
            finally:
                t.close(handle)
        return attempt

    def lset(path, **a):
        return lambda: t.extended("lsetstat@openssh.com", s(path), attrs(**a))

    def loop():
        """A folder that is a link by the time it is used again."""
        t.ask("mkdir", s(w + "/turn"), attrs())
        handle = t.ask("opendir", s(w + "/turn"))[4:]
        t.ask("rmdir", s(w + "/turn"))
        t.ask("symlink", s(OUT), s(w + "/turn"))
        try:
            return t.ask("readdir", s(handle)) + t.read(w + "/turn/secret")
        finally:
            t.close(handle)
            t.ask("remove", s(w + "/turn"))

    def copied():
        source = t.open(w + "/p_file", READ)
        target = t.open(w + "/copy", WRITE | CREATE)
        t.extended("copy-data", s(source), struct.pack(">QQ", 0, 0), s(target),
                   struct.pack(">Q", 0))
        return t.read(w + "/copy")

    def whole_root():
        got = t.list("/")
        return MARK if b"usr" in got or b"closed" in got else b""

    read = [
        ("read, absolute path", lambda: t.read(secret)),
        ("read, doubled slashes", lambda: t.read("//srv///outside//secret")),
        ("read, dots", lambda: t.read("/./srv/./outside/./secret")),
        ("read, .. from the folder", lambda: t.read(w + "/../../outside/secret")),
        ("read, .. from a file", lambda: t.read(w + "/f/../../../outside/secret")),
        ("read, .. up to the top", lambda: t.read(w + "/" + up + "srv/outside/secret")),
        ("read, relative ..", lambda: t.read(up + "srv/outside/secret")),
        ("read, no path at all", lambda: t.list("") + t.read("")),
        ("read /etc/passwd", lambda: MARK if b"root" in t.read("/etc/passwd") else b""),
        ("read /etc/shadow", lambda: MARK if t.read("/etc/shadow") else b""),
        ("read authorized_keys", lambda: t.read(HOME + "/.ssh/authorized_keys")),
        ("read /tmp", lambda: t.read("/tmp/outside")),
        ("read a library", lambda: MARK if t.read("/usr/lib/os-release") else b""),
        ("read the loader's list", lambda: MARK if t.read("/etc/ld.so.cache") else b""),
        ("read the inner object",
         lambda: MARK if t.read("/usr/libexec/sallyport/inside.so") else b""),
        ("read beyond the room", lambda: MARK + t.list("/closed")),
        ("expand ~", lambda: t.read(t.extended("expand-path@openssh.com", s("~"))[8:40]
                                    .split(b"\0")[0] + b"/../../home/anne/note")),
        ("expand ~anne/note", lambda: t.read(HOME + "/note") + t.extended(
            "expand-path@openssh.com", s("~anne/note"))),
        ("expand ~root", lambda: t.extended("expand-path@openssh.com", s("~root/x"))),
        ("list /", whole_root),
        ("list outside", lambda: t.list(OUT + "/dir")),
        ("list .. of the folder", lambda: t.list(w + "/../../outside/dir")),
        ("list the home", lambda: t.list(HOME)),
        ("list /tmp", lambda: MARK + t.list("/tmp")),
        ("stat outside", seen(secret)),
        ("lstat outside", seen(secret, "lstat")),
        ("statvfs outside",
         lambda: t.extended("statvfs@openssh.com", s(OUT)) and seen("/none")()),
        ("planted link: read a file", lambda: t.read(w + "/p_file")),
        ("planted link: list a folder", lambda: t.list(w + "/p_dir/dir")),
        ("planted link: read in a folder", lambda: t.read(w + "/p_dir/secret")),
        ("planted link: relative", lambda: t.read(w + "/p_up/secret")),
        ("planted link: chained", lambda: t.read(w + "/p_chain/secret")),
        ("planted link: /proc/self/root", lambda: t.read(w + "/p_proc" + secret)),
        ("planted link: read /etc", lambda: MARK if t.read(w + "/p_etc/passwd") else b""),
        ("planted link: stat through it", seen(w + "/p_file")),
        ("/proc/self/environ", lambda: MARK + t.read("/proc/self/environ")),
        ("/proc/self/maps", lambda: MARK + t.read("/proc/self/maps")),
        ("/proc/self/mem", lambda: MARK + t.read("/proc/self/mem")),
        ("/proc/self/root", lambda: t.read("/proc/self/root" + secret)),
        ("/proc/self/cwd", lambda: t.read("/proc/self/cwd/" + up + secret)),
        ("/proc/self/fd", any_fd),
        ("/proc/1/environ", lambda: MARK + t.read("/proc/1/environ")),
        ("/proc listed", lambda: MARK + t.list("/proc")),
        ("/sys listed", lambda: MARK + t.list("/sys/kernel")),
        ("/dev listed", lambda: MARK + t.list("/dev")),
        ("/dev/tty", lambda: MARK + t.read("/dev/tty", READ | WRITE)),
        ("/dev/ptmx", lambda: MARK + t.read("/dev/ptmx", READ | WRITE)),
        ("/dev/kvm", lambda: MARK + t.read("/dev/kvm", READ | WRITE)),
        ("/dev/zero", lambda: MARK + t.read("/dev/zero")),
        ("/dev/null a second time", lambda: MARK + t.read("/dev/null")),
    ]
    if kind != "real":
        read.append(("a device that root put into the folder",
                     lambda: MARK if t.read(w + "/zero") else b""))
    change = [
        ("write, absolute path", lambda: t.write(secret)),
        ("write, ..", lambda: t.write(w + "/../../outside/secret")),
        ("write, appended", lambda: t.write(secret, WRITE | APPEND)),
        ("write, cut by open", lambda: t.write(secret, WRITE | TRUNC)),
        ("cut by an open for reading", lambda: t.read(secret, READ | TRUNC)),
        ("create", lambda: t.write(new, WRITE | CREATE)),
        ("create, ..", lambda: t.write(w + "/" + up + "srv/outside/new", WRITE | CREATE)),
        ("create in /srv", lambda: t.write("/srv/new", WRITE | CREATE)),
        ("create beside the folders", lambda: t.write(w + "/../new", WRITE | CREATE)
            or (t.ask("remove", s(w + "/../new")) if kind == "single" else b"")),
        ("write authorized_keys",
         lambda: t.write(HOME + "/.ssh/authorized_keys", WRITE | APPEND | CREATE)),
        ("write ~/.bashrc", lambda: t.write(HOME + "/.bashrc", WRITE | CREATE)),
        ("write a library", lambda: t.write("/usr/lib/new", WRITE | CREATE)),
        ("mkdir", lambda: t.ask("mkdir", s(new), attrs())),
        ("rmdir", lambda: t.ask("rmdir", s(OUT + "/empty"))),
        ("remove", lambda: t.ask("remove", s(secret))),
        ("make a symbolic link there", lambda: t.ask("symlink", s("/etc"), s(new))),
        ("planted link: write", lambda: t.write(w + "/p_file")),
        ("planted link: create", lambda: t.write(w + "/p_dir/new", WRITE | CREATE)),
        ("planted link: remove", lambda: t.ask("remove", s(w + "/p_dir/secret"))),
        ("planted link: rmdir", lambda: t.ask("rmdir", s(w + "/p_dir/empty"))),
        ("planted link: mkdir", lambda: t.ask("mkdir", s(w + "/p_dir/new"), attrs())),
        ("planted link: dangling, created", lambda: t.write(w + "/p_new", WRITE | CREATE)),
        ("made link: read a file", made(secret, t.read)),
        ("made link: read by ..", made("../../outside/secret", t.read)),
        ("made link: list a folder", made(OUT + "/dir", t.list)),
        ("made link: write", made(secret, t.write)),
        ("made link: /proc/self/root", made("/proc/self/root" + OUT + "/secret", t.read)),
        ("made link: /proc/self/cwd", made("/proc/self/cwd/../../outside/secret", t.read)),
        ("made link: chained", made(w + "/p_chain/secret", t.read)),
        ("made link: to the top", made("/" + up, lambda p: t.read(p + secret))),
        ("made link: remove behind it",
         made(OUT, lambda p: t.ask("remove", s(p + "/secret")))),
        ("made link: a folder turns into one", loop),
        ("copied inside the server", copied),
        ("hard link in", hard(secret, w + "/h1")),
        ("hard link in, from the home", hard(HOME + "/note", w + "/h2")),
        ("hard link in, by a planted link", hard(w + "/p_dir/secret", w + "/h3")),
        ("hard link out", lambda: hard(w + "/f", OUT + "/h")()),
        ("hard link from a VM that is read only", hard(v + "/v", w + "/h4")),
        ("hard link into a VM that is read only", hard(w + "/f", v + "/h")),
        ("rename in", moved(secret, w + "/m1")),
        ("rename in, a folder", moved(OUT + "/dir", w + "/m2")),
        ("rename in, by a planted link", moved(w + "/p_dir/secret", w + "/m3")),
        ("rename in (posix)", moved_posix(secret, w + "/m4")),
        ("rename out", moved(w + "/f", new)),
        ("rename out, a folder", moved_posix(w + "/d", OUT + "/d")),
        ("rename out, over a file", moved_posix(w + "/f", secret)),
        ("rename into a VM that is read only", moved_posix(w + "/f", v + "/f")),
        ("rename from a VM that is read only", moved_posix(v + "/v", w + "/v")),
        ("rename a folder from there", moved_posix(v + "/vd", b + "/vd")),
        ("rename within it", moved_posix(v + "/v", v + "/v2")),
        ("read only: write", lambda: t.write(v + "/v")),
        ("read only: cut by an open for reading", lambda: t.read(v + "/v", READ | TRUNC)),
        ("read only: create", lambda: t.write(v + "/n", WRITE | CREATE)),
        ("read only: remove", lambda: t.ask("remove", s(v + "/v"))),
        ("read only: mkdir", lambda: t.ask("mkdir", s(v + "/n"), attrs())),
        ("read only: rmdir", lambda: t.ask("rmdir", s(v + "/vd"))),
        ("read only: symbolic link", lambda: t.ask("symlink", s("x"), s(v + "/n"))),
        ("read only: chmod", lambda: t.setstat(v + "/v", mode=0o100777)),
        ("read only: chmod the folder", lambda: t.setstat(v, mode=0o40777)),
        ("read only: times", lambda: t.setstat(v + "/v", times=(1, 1))),
        ("read only: cut", lambda: t.setstat(v + "/v", size=0)),
        ("read only: chmod by handle", by_handle(mode=0o100777)),
        ("read only: times by handle", by_handle(times=(1, 1))),
        ("read only: cut by handle", by_handle(size=0)),
        ("read only: chown by handle", by_handle(ids=(os.stat(HOME).st_uid,) * 2)),
        ("chmod", lambda: t.setstat(secret, mode=0o100777)),
        ("chmod by a planted link", lambda: t.setstat(w + "/p_file", mode=0o100777)),
        ("chmod a folder by one", lambda: t.setstat(w + "/p_dir", mode=0o40777)),
        ("chmod the home", lambda: t.setstat(HOME, mode=0o40777)),
        ("chown", lambda: t.setstat(secret, ids=(os.stat(HOME).st_uid,) * 2)),
        ("chown by a planted link",
         lambda: t.setstat(w + "/p_file", ids=(os.stat(HOME).st_uid,) * 2)),
        ("times", lambda: t.setstat(secret, times=(1, 1))),
        ("times by a planted link", lambda: t.setstat(w + "/p_file", times=(1, 1))),
        ("times of a folder", lambda: t.setstat(w + "/p_dir", times=(1, 1))),
        ("cut", lambda: t.setstat(secret, size=0)),
        ("cut by a planted link", lambda: t.setstat(w + "/p_file", size=0)),
        ("cut authorized_keys", lambda: t.setstat(HOME + "/.ssh/authorized_keys", size=0)),
        ("lsetstat: mode", lset(secret, mode=0o100777)),
        ("lsetstat: times", lset(secret, times=(1, 1))),
        ("lsetstat: owner", lset(secret, ids=(os.stat(HOME).st_uid,) * 2)),
        ("lsetstat of a planted link", lset(w + "/p_file", mode=0o100777)),
        ("/proc/self/mem written", lambda: t.write("/proc/self/mem")),
        ("/proc/self/oom_score_adj", lambda: t.write("/proc/self/oom_score_adj", data=b"0")
            or MARK),
        ("/proc/sys written", lambda: t.write("/proc/sys/kernel/hostname")),
    ]
    assert inner
    return read + change


# --- races -----------------------------------------------------------------------------

def swapper(one_name, other):
    """Somebody who may write there exchanges two names as fast as he can; he is at it."""
    code = ("import ctypes,os\nl=ctypes.CDLL(None)\n"
            f"a,b={one_name!r}.encode(),{other!r}.encode()\n"
            "l.renameat2(-100,a,-100,b,2)\nprint('begun', flush=True)\n"
            "while True: l.renameat2(-100,a,-100,b,2)\n")
    p = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    p.stdout.readline()
    return p


def race(t, w, what, seconds):
    """A folder that is, every other moment, a link to outside."""
    got, rounds = b"", 0
    folder = tempfile.mkdtemp(dir=REAL["webdev"])
    os.chmod(folder, 0o777)
    open(folder + "/secret", "w").close()
    os.chmod(folder + "/secret", 0o666)
    os.symlink(OUT, folder + "-link")
    other = swapper(folder, folder + "-link")
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until or rounds < 11:  # on a busy machine a round takes long
            rounds += 1
            try:
                got += what(w + "/" + os.path.basename(folder) + "/secret") or b""
            except Refused:
                pass
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()
    return got


def races(t, w, seconds):
    def cut(path):
        t.setstat(path, size=0)

    return [(f"race: {name}", lambda f=f: race(t, w, f, seconds)) for name, f in (
        ("read", t.read), ("write", t.write), ("cut", cut),
        ("mode and times", lambda p: t.setstat(p, mode=0o100666, times=(1, 1))),
        ("new files", lambda p: t.write(p + "2", WRITE | CREATE)),
        ("list", lambda p: t.list(os.path.dirname(p) + "/dir")),
        ("walk up", lambda p: t.read(os.path.dirname(p) + "/../../outside/secret")))]


# --- all of it -------------------------------------------------------------------------

def main():
    name, kind, how, *command = sys.argv[1:]
    at = {"many": {k: "/" + k for k in REAL}, "real": REAL,
          "single": {"webdev": "", "books": "/books", "vault": "/vault"}}[kind]
    seconds = float(os.environ.get("RACE_SECONDS", "0.25"))
    t = Server(command)
    before, failed, count = snapshot(), 0, 0
    try:
        if t.read(at["webdev"] + "/f") != b"file\n":
            raise Refused("other bytes")
    except Refused as e:
        sys.exit(f"FAIL  {name}: a file inside cannot be read: {e}")
    try:
        t.write(at["webdev"] + "/written", WRITE | CREATE)
        is_writing = True
    except Refused:
        is_writing = False
    if is_writing != (how == "writes"):
        sys.exit(f"FAIL  {name}: writing inside: {is_writing}")
    for attempt, act in attempts(t, kind, at) + races(t, at["webdev"], seconds):
        count += 1
        try:
            got, said = act(), "it was said to be done"
        except Refused as e:
            got, said = b"", str(e)
        after = snapshot()
        if MARK in got or after != before:
            failed += 1
            changed = [x for x in after if x not in before] or [x for x in before if x not in after]
            print(f"FAIL  {name}: {attempt}: {got[:60]} {changed[:2]}")
            before = after
        else:
            print(f"ok {name}: {attempt} ({said})")
    t.end()
    print(f"{name}: {count} attempts, {failed} got out")
    sys.exit(failed != 0 or count < 60)


main()
