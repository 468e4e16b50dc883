#!/usr/bin/python3
"""Figures against limits.

table.py FOLDER yes|no

Reads the .tsv files that login.sh left in FOLDER. Exit 1 when a limit is missed or
something was not measured (never with "no": then nothing is compared).
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import figures  # pylint: disable=wrong-import-position
from figures import Limits, bound, divided, shown  # pylint: disable=wrong-import-position

FOLDER, COMPARE = sys.argv[1], sys.argv[2] == "yes"


def rows(name):
    return figures.rows(FOLDER, name)


def column(table, name, n):
    """Median over all rows of this name; None when there is none, or one had failures."""
    found = [r for r in rows(table) if r[0] == name]
    if not found or any(len(r) > 6 and r[6] != "0" for r in found):
        return None
    return figures.median([float(r[n]) for r in found])


def ms(table, name):
    us = column(table, name, 1)
    return None if us is None else us / 1000


def less(a, b):
    return None if a is None or b is None else a - b


def allowed(flushes, more, each="pam"):
    each = flush if each == "pam" else each
    return None if each is None else flushes * each + more


def count_flushes(*tables):
    found = [r for t in tables for r in rows(t) if len(r) > 1 and r[1] == "all"]
    return float(found[0][0]) if found else None


flush, permit = ms("pam", "flush"), ms("pam", "permit")
shell_base, shell_flush = ms("shell", "sh"), ms("shell", "append")
shell_more, duo_more = less(ms("shell", "shell"), shell_base), less(ms("duo", "duo"), ms("duo", "sh"))

# (figure, value, limit, unit); the limit is the highest, but for "a second".
lines = [
    ("OTP, local: above pam_permit", less(ms("pam", "local"), permit), allowed(2, 2.5), "ms"),
    ("  CPU of the caller, above pam_permit",
     less(divided(column("pam", "local", 4), 1000), divided(column("pam", "permit", 4), 1000)), 1, "ms"),
    ("  memory of the caller, above pam_permit",
     less(divided(column("pam", "local", 5), 1024), divided(column("pam", "permit", 5), 1024)), 1, "MB"),
    ("  flushes", count_flushes("flushes"), 2, ""),
    ("OTP, validation service: above pam_permit", less(ms("api", "api"), ms("api", "permit")), allowed(3, 3, ms("api", "flush")), "ms"),
    ("  flushes", count_flushes("api_flushes"), 3, ""),
    ("many keys instead of one: more time", less(ms("mapped", "big"), ms("mapped", "one")), 0.2, "ms"),
    ("  to load", ms("load", "load_big"), 1000, "ms"),
    ("  memory of all processes", divided(column("load", "load_big", 2), 1024), 150, "MB"),
    ("refusal by the module: above pam_permit", less(ms("pam", "refused"), permit), 2, "ms"),
    ("refusal at an endpoint", ms("endpoint", "endpoint"), 2, "ms"),
    ("sallyport-shell to the command: above sh -c", shell_more, allowed(1, 0.5, shell_flush), "ms"),
    ("all processes, idle: memory", divided(column("idle", "idle", 1), 1024), 15, "MB"),
    ("OTPs, a flush takes 1 ms", column("rate", "rate", 1), 500, "a second"),
]

beside = [
    ("a flush of the disk", flush, "ms"),
    ("a flush of a line appended, as in the log", shell_flush, "ms"),
    ("pam_permit", permit, "ms"),
    ("pam_sallyport, local", ms("pam", "local"), "ms"),
    ("pam_sallyport, validation service", ms("api", "api"), "ms"),
    ("  of that the validation server, asked by a bare client", ms("server", "server"), "ms"),
    ("pam_yubico", ms("yubico", "yubico"), "ms"),
    ("/bin/sh -c to its command", ms("duo", "sh"), "ms"),
    ("the same, between sessions of a user's", shell_base, "ms"),
    ("login_duo to the command: above sh -c", duo_more, "ms"),
    ("sallyport-shell without its flush, in login_duo's time", divided(less(shell_more, shell_flush), duo_more), ""),
]


def main():
    limits = Limits(COMPARE)
    print("\n%-46s %14s %16s  %s" % ("figure", "value", "limit", "held"))
    for name, value, limit, unit in lines:
        is_least = unit == "a second"
        print("%-46s %14s %16s  %s" % (name, shown(value, "" if is_least else unit), bound(limit, unit, is_least),
                                       limits.held(value, limit, is_least)))
    print("\nbeside (no limit):")
    for name, value, unit in beside:
        print("%-46s %14s" % (name, shown(value, unit)))
    for name in ("flushes", "api_flushes"):
        for times, what in [r for r in rows(name) if r[1] != "all"]:
            print("%-46s %14s" % ("  " + what.replace("/var/lib/sallyport/", ""), times + " a login"))
    figures.say_if_busy(FOLDER)
    sys.exit(limits.status())


main()
