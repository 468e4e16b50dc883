#!/usr/bin/python3
"""Figures of file transfers against limits.

table.py FOLDER yes|no

Reads FOLDER/rounds.tsv: figure, who (gated, plain), value, round. A ratio is the median
of the rounds' ratios: both sides of a round had the same weather. One whose limit lies
within what the median is known to (95 %) is a tie, which holds. Exit 1 when a limit is
missed or something was not measured (never with "no").
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# pylint: disable=wrong-import-position
from figures import Limits, bound, divided, is_within, known_to, median, rows, say_if_busy, shown

FOLDER, COMPARE = sys.argv[1], sys.argv[2] == "yes"
data = {}
for figure, who, value, n in rows(FOLDER, "rounds"):
    data.setdefault(figure, {}).setdefault(n, {})[who] = float(value)


def whole(figure):
    return [r for r in data.get(figure, {}).values() if "gated" in r and "plain" in r]


def ratios(figure):
    return [divided(r["gated"], r["plain"]) for r in whole(figure)]


def more(figure):
    return [r["gated"] - r["plain"] for r in whole(figure)]


def mid(figure, who):
    return median([r[who] for r in whole(figure)])


# (figure, values, limit, unit, the limit is the least)
lines = [
    ("sftp get: throughput, confined / sshd's own", ratios("get"), 0.95, "", True),
    ("  CPU of the server's side", ratios("get_cpu"), 1.05, "", False),
    ("sftp put: throughput, confined / sshd's own", ratios("put"), 0.95, "", True),
    ("  CPU of the server's side", ratios("put_cpu"), 1.05, "", False),
    ("start of a session: more", more("start"), 15, "ms", False),
]


def main():
    limits = Limits(COMPARE)
    print("\n%-46s %12s %12s %-10s %s" % ("figure", "value", "limit", "held", "median between"))
    for name, found, limit, unit, is_least in lines:
        held = limits.held(median(found), limit, is_least, is_within(limit, found))
        print("%-46s %12s %12s %-10s %s" % (
            name, shown(median(found), unit), bound(limit, unit, is_least), held,
            "%s and %s" % tuple(map(shown, known_to(found))) if found else ""))
    print("\nbeside (no limit), confined and sshd's own:")
    for figure, unit in (("get", "MiB/s"), ("put", "MiB/s"), ("get_cpu", "s"), ("put_cpu", "s"), ("start", "ms")):
        print("%-46s %12s %12s" % (figure, shown(mid(figure, "gated"), unit), shown(mid(figure, "plain"), unit)))
    say_if_busy(FOLDER)
    sys.exit(limits.status())


main()
