#!/usr/bin/python3
"""Figures of a gateway with much of everything. Started by scale.sh.

scale.py FOLDER BUILD VMS USERS LINES CONNS CHANNELS IDLE_S yes|no
"""
import grp
import os
import pwd
import random
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

OUT, BUILD = sys.argv[1:3]
VMS, USERS, LINES, CONNS, CHANNELS = map(int, sys.argv[3:8])
IDLE_S = int(sys.argv[8])
COMPARE = sys.argv[9] == "yes"
CONF = "/etc/sallyport"
RUN = "/run/sallyport"
FIRST_UID = 20000
random.seed(1)
processes = []
WAIT_MS = 50  # another's, at the longest
missed = []


def note(name, value, unit, limit=None):
    """A row: what, how much, at most how much, held."""
    held = "" if limit is None else "yes" if value <= limit else "NO"
    if held == "NO":
        missed.append(name)
    print("%-48s %12s %12s %s" % (
        name, "%.1f %s" % (value, unit), "" if limit is None else "<= %d" % limit, held if COMPARE else ""), flush=True)


# --- the files ---------------------------------------------------------------------------

def name_of(i):
    return "u%04d" % i


def key_of(i):
    return "cccccccc" + "".join("cbdefghijk"[int(c)] for c in "%04d" % i)


def make_users():
    with open("/etc/passwd", "a") as passwd:
        for i in range(USERS):
            passwd.write("%s:x:%d:%d::/home/%s:/bin/bash\n" % (name_of(i), FIRST_UID + i, FIRST_UID + i, name_of(i)))
    with open("/etc/group") as group:
        lines = group.read().splitlines()
    members = ",".join(name_of(i) for i in range(USERS))
    with open("/etc/group", "w") as group:
        for line in lines:
            group.write((line.rsplit(":", 1)[0] + ":" + members if line.startswith("vmusers:") else line) + "\n")


def write_vms(count):
    with open(CONF + "/vms.conf", "w") as out:
        for i in range(count):
            out.write("[vm vm%04d]\ntitle = machine %d\nspice = unix:/run/vms/a\n"
                      "service.ssh = tcp:127.0.0.1:20022\nservice.raw = unix:/run/vms/a\n" % (i, i))


def write_grants(vms, count):
    """The first user has all VMs; the others share the rest of the lines."""
    whens = ["always"] * 6 + ["Mon-Fri 08:00-18:00", "Sat 00:00-24:00", "always until 2037-12-31", "Mon-Sun 00:00-23:59"]
    with open(CONF + "/vm_mappings", "w") as out:
        for i in range(min(vms, count)):
            out.write("u0000 vm%04d spice,ssh,raw always\n" % i)
        for i in range(max(0, count - vms)):
            out.write("%s vm%04d %s %s\n" % (
                name_of(1 + i % (USERS - 1)), random.randrange(vms),
                random.choice(["spice", "ssh,raw", "spice,ssh,raw", "spice:view"]), random.choice(whens)))


def write_conf():
    os.makedirs(CONF, exist_ok=True)
    with open(CONF + "/sallyport.conf", "w") as out:
        out.write("[sallyport]\ngated = @vmusers\nbackend_uid = vmhost\nmax_channels = 65536\nopens_per_s = 100000\n")
    with open(CONF + "/yubikey_mappings", "w") as out:
        for i in range(USERS):
            out.write("%s:%s\n" % (name_of(i), key_of(i)))


# --- processes ------------------------------------------------------------------------------

def start(argv, uid=0):
    def become():
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
    process = subprocess.Popen(argv, preexec_fn=become, stdin=subprocess.DEVNULL)
    processes.append(process)
    return process.pid


BACKEND = """
import os, resource, select, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
s = socket.socket(socket.AF_UNIX)
s.bind("/run/vms/a"); s.listen(4096)
held = []
while True:
    held.append(s.accept()[0])
"""

USER = """
import os, resource, socket, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = []
for line in sys.stdin:
    words = line.split()
    begin = time.perf_counter()
    if words[0] == "open":
        for i in range(int(words[1])):
            s = socket.socket(socket.AF_UNIX)
            s.connect("/run/sallyport/vm/vm%04d/raw" % (i % int(words[2])))
            held.append(s)
        print("opened", flush=True)
    elif words[0] == "close":
        for s in held:
            s.close()
        held = []
        print("closed", flush=True)
    else:
        out = subprocess.run(["/usr/bin/sallyport-shell", "-c", " ".join(words[1:])], stdout=subprocess.PIPE).stdout
        print(len(out.splitlines()), time.perf_counter() - begin, flush=True)
"""


class User:
    """A process of the first user's that stands for U of his first connection."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            user=FIRST_UID, group=FIRST_UID, extra_groups=[group_id()])
        processes.append(self.process)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def expect(self, line, lines):
        """A command that says at least so many lines."""
        said = self.ask(line)
        if int(said[0]) < lines:
            sys.exit("%s: %s" % (line, said))


def group_id():
    return grp.getgrnam("vmusers").gr_gid


def place(pid):
    with open("/proc/%d/stat" % pid) as stat:
        begun = int(stat.read().rsplit(")", 1)[1].split()[19])
    exe = os.stat("/proc/%d/exe" % pid)
    return begun, exe.st_dev, exe.st_ino


def text(s):
    return struct.pack(">H", len(s)) + s.encode()


def write_connections(u_pid):
    """As daemon/conn_file.c does."""
    boot = open("/proc/sys/kernel/random/boot_id").read()
    os.makedirs(RUN + "/connections", mode=0o700, exist_ok=True)
    now_ms = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
    for i in range(CONNS):
        user = i % USERS
        m = start(["/usr/bin/sleep", "100000"])
        u = u_pid if i == 0 else start(["/usr/bin/sleep", "100000"], FIRST_UID + user)
        m_start, dev, ino = place(m)
        body = text(boot) + struct.pack(">I", i + 1) + text(name_of(user)) + struct.pack(
            ">IIQQQ", FIRST_UID + user, m, m_start, dev, ino) + struct.pack(">IQ", u, place(u)[0])
        body += text("127.0.0.1") + text("") + text(key_of(user))
        body += struct.pack(">QQ", int(time.time()), now_ms) + text("")
        with open(RUN + "/connections/c%d" % (i + 1), "wb") as out:
            out.write(body)


# --- the daemon ----------------------------------------------------------------------------

class Daemon:
    def __init__(self):
        self.log = open(OUT + "/daemon.log", "a")
        self.process = None

    def start(self):
        begin = time.monotonic()
        self.process = subprocess.Popen(["/usr/sbin/sallyportd"], stderr=self.log, stdin=subprocess.DEVNULL)
        while True:
            try:
                if ask("status")[0] in (0, 1) and os.path.exists("%s/vm/vm%04d/raw" % (RUN, 0)):
                    break
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(open(OUT + "/daemon.log").read()[-4000:])
            time.sleep(0.01)
        return time.monotonic() - begin

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def cpu_ms(self):
        with open("/proc/%d/schedstat" % self.process.pid) as stat:
            return int(stat.read().split()[0]) / 1e6

    def rss_mib(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return int(next(l for l in status if l.startswith("VmRSS")).split()[1]) / 1024


TYPES = {"status": 20, "list": 21, "show": 22, "explain": 23, "reload": 24}


class Admin:
    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(60)
        self.sock.connect(RUN + "/admin.sock")

    def ask(self, what, body=b""):
        """(exit status, rows, words)"""
        self.sock.send(struct.pack(">BBI", 1, TYPES[what], 1) + body)
        n = 0
        while True:
            got = self.sock.recv(1 << 18)
            if not got:
                raise ConnectionError("closed")
            if got[1] == 41:
                return got[6], n, got[9:].decode()
            n += 1


def ask(what, body=b""):
    return Admin().ask(what, body)


class Pinger(threading.Thread):
    """Somebody else: the longest that he waits for an answer."""

    def __init__(self):
        super().__init__(daemon=True)
        self.longest = 0.0
        self.count = 0
        self.over = False
        self.start()

    def run(self):
        admin = Admin()
        while not self.over:
            begin = time.perf_counter()
            admin.ask("explain", text("root") + text("nosuch") + text("x") + struct.pack(">Q", 0))
            self.longest = max(self.longest, time.perf_counter() - begin)
            self.count += 1
            time.sleep(0.002)

    def end(self):
        self.over = True
        self.join()
        return self.longest * 1000


def measured(daemon, name, what):
    """CPU and the longest pause of others while what() runs."""
    pinger = Pinger()
    time.sleep(0.3)
    pinger.longest = 0
    cpu, begin = daemon.cpu_ms(), time.perf_counter()
    answer = what()
    wall = (time.perf_counter() - begin) * 1000
    cpu = daemon.cpu_ms() - cpu
    time.sleep(0.1)
    pause = pinger.end()
    note(name + ": CPU", cpu, "ms")
    note("  answered after", wall, "ms")
    note("  another's longest wait", pause, "ms", WAIT_MS)
    return answer


def reload_now(daemon, name):
    status, _, words = measured(daemon, name, lambda: ask("reload", bytes([2])))
    if status != 0:
        sys.exit("reload: %d %s" % (status, words))


def idle(daemon, name):
    time.sleep(1)
    cpu = daemon.cpu_ms()
    time.sleep(IDLE_S)
    note(name, (daemon.cpu_ms() - cpu) / IDLE_S / 10, "% CPU", 2)


def decisions():
    out = subprocess.run([BUILD + "/bench/scale/decide", CONF + "/sallyport.conf", name_of(0), "1000"],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    data = {}
    for line in out.splitlines():
        what, us = line.split()
        data.setdefault(what, []).append(float(us))
    note("policy: load, CPU", min(data["load"]) / 1000, "ms")
    for what in "decide", "row":
        times = sorted(data[what])
        note("policy: %s, user of %d lines, p50" % (what, VMS), statistics.median(times), "us")
        note("  p99", times[len(times) * 99 // 100], "us", 20 if what == "decide" else None)
    note("policy: a file transfer asks %d VMs, p50" % VMS, statistics.median(data["transfer"]) / 1000, "ms", 5)


def channels_are(count, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        admin = Admin()
        if admin.ask("list", text("channels"))[1] == count:
            return
        time.sleep(0.05)
    sys.exit("%d channels in place of %d" % (ask("list", text("channels"))[1], count))


def open_channels(daemon, user):
    """A hundred at a time: while one is being opened it costs descriptors."""
    for n in range(100, CHANNELS + 1, 100):
        user.ask("open 100 %d" % VMS)
        channels_are(n)


def main():
    write_conf()
    write_vms(VMS)
    write_grants(VMS, LINES)
    make_users()
    os.makedirs("/run/vms", exist_ok=True)
    os.chmod("/run/vms", 0o777)
    start(["/usr/bin/python3", "-c", BACKEND], pwd.getpwnam("vmhost").pw_uid)
    decisions()
    user = User()
    write_connections(user.process.pid)
    daemon = Daemon()
    wall = daemon.start()
    note("start: until it answers", wall * 1000, "ms")
    time.sleep(2)
    note("  CPU until 2 s later", daemon.cpu_ms(), "ms")
    note("  memory", daemon.rss_mib(), "MiB")
    there = ask("list", text("connections"))[1]
    if there != CONNS:
        sys.exit("%d connections in place of %d" % (there, CONNS))
    idle(daemon, "idle, %d connections" % CONNS)
    reload_now(daemon, "reload, nothing changed")
    time.sleep(1.5)
    measured(daemon, "status", lambda: ask("status"))
    measured(daemon, "list vms", lambda: ask("list", text("vms")))
    measured(daemon, "vms of %d VMs (page)" % VMS, lambda: user.expect("run vms", VMS))
    measured(daemon, "why of %d VMs" % VMS, lambda: user.expect("run why --json", 1))
    measured(daemon, "opening %d channels" % CHANNELS, lambda: open_channels(daemon, user))
    note("  memory", daemon.rss_mib(), "MiB")
    idle(daemon, "idle, %d connections, %d channels" % (CONNS, CHANNELS))
    measured(daemon, "list channels", lambda: ask("list", text("channels")))
    measured(daemon, "list seats", lambda: ask("list", text("seats")))
    reload_now(daemon, "reload, nothing changed, with %d channels" % CHANNELS)
    time.sleep(1.5)
    write_vms(VMS + 1)
    reload_now(daemon, "reload, one VM more")
    time.sleep(1.5)
    write_vms(VMS - VMS // 10)
    write_grants(VMS - VMS // 10, LINES)
    reload_now(daemon, "reload, a tenth of the VMs gone")
    time.sleep(2)
    write_vms(VMS)
    write_grants(VMS, LINES)
    reload_now(daemon, "reload, and there again")
    time.sleep(2)
    measured(daemon, "closing all channels", lambda: (user.ask("close"), channels_are(0)))
    begin = time.monotonic()
    daemon.stop()
    note("stop", (time.monotonic() - begin) * 1000, "ms")


try:
    main()
    if COMPARE:
        print("%d limits missed" % len(missed))
finally:
    for p in processes:
        p.kill()
sys.exit(1 if COMPARE and missed else 0)
