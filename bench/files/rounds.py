#!/usr/bin/python3
"""Transfers and starts of sessions, in turn.

rounds.py ROUNDS STARTS MIB FILE NAME:MUX:U:UP:DOWN…

Prints rows: figure, who, value, round. get and put in MiB/s, their _cpu in seconds of
U and all below it (sshd's process and the file server, not the client), start in ms from
the client's first system call to sftp-server's first answer.
"""
import os
import struct
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS, STARTS, MIB, FILE = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
SIDES = [word.split(":") for word in sys.argv[5:]]


def cpu_s(pid):
    """utime, stime, and of the children that it has waited for."""
    with open("/proc/%s/stat" % pid, encoding="latin-1") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return sum(int(fields[i]) for i in range(11, 15)) / TICKS


def settle(pid):
    """sshd has waited for what it started."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with open("/proc/%s/task/%s/children" % (pid, pid)) as children:
            if not children.read().strip():
                return
        time.sleep(0.005)


def transfer(mux, pid, command):
    before, began = cpu_s(pid), time.monotonic()
    subprocess.run(["sftp", "-F", "none", "-q", "-o", "ControlPath=" + mux, "-b", "-", "x"],
                   input=command.encode(), check=True, stdout=subprocess.DEVNULL, timeout=120)
    took = time.monotonic() - began
    settle(pid)
    return took, cpu_s(pid) - before


def start(mux):
    began = time.monotonic()
    with subprocess.Popen(["ssh", "-F", "none", "-S", mux, "-s", "x", "sftp"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        client.stdin.write(struct.pack(">IBI", 5, 1, 3))
        client.stdin.flush()
        if client.stdout.read(5)[4] != 2:
            raise SystemExit("no answer")
        took = time.monotonic() - began
        client.stdin.close()
        client.stdout.read()
    return took * 1000


def say(figure, name, value, n):
    print("%s\t%s\t%.6f\t%d" % (figure, name, value, n), flush=True)


def main():
    for n in range(STARTS):
        for name, mux, _, _, _ in SIDES if n % 2 else SIDES[::-1]:
            say("start", name, start(mux), n)
    for n in range(ROUNDS):
        for way in ("get", "put"):
            for name, mux, pid, up, down in SIDES if n % 2 else SIDES[::-1]:
                command = "get %s /dev/null\n" % down if way == "get" else "put %s %s\n" % (FILE, up)
                took, cpu = transfer(mux, pid, command)
                say(way, name, MIB / took, n)
                say(way + "_cpu", name, cpu, n)


main()
