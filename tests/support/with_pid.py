#!/usr/bin/python3
"""with_pid.py PID COMMAND…: runs it under that number, which must be free; as root in a
name space of processes of one's own. 75: the number was not to be had."""
import os
import sys

LAST = "/proc/sys/kernel/ns_last_pid"
wanted = int(sys.argv[1])
for _ in range(200):
    with open(LAST, "w", encoding="ascii") as last:
        last.write(str(wanted - 1))
    child = os.fork()
    if child == 0:
        if os.getpid() != wanted:
            os._exit(75)
        os.execvp(sys.argv[2], sys.argv[2:])
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if child == wanted:
        sys.exit(status)
sys.exit(75)
