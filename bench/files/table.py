#!/usr/bin/python3
"""Figures of file transfers against limits.

table.py FOLDER yes|no

Reads FOLDER/rounds.tsv: figure, who (gated, plain), value, round. A ratio is the median
of the rounds' ratios: both sides of a round had the same weather. Exit 1 when a limit is
missed or something was not measured (never with "no").
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from figures import divided, median, rows, say_if_busy, shown  # pylint: disable=wrong-import-position

FOLDER, COMPARE = sys.argv[1], sys.argv[2] == "yes"
data = {}
for figure, who, value, n in rows(FOLDER, "rounds"):
    data.setdefault(figure, {}).setdefault(n, {})[who] = float(value)


def whole(figure):
    return [r for r in data.get(figure, {}).values() if "gated" in r and "plain" in r]


def ratio(figure):
    return median([divided(r["gated"], r["plain"]) for r in whole(figure)])


def more(figure):
    return median([r["gated"] - r["plain"] for r in whole(figure)])


def mid(figure, who):
    return median([r[who] for r in whole(figure)])


# (figure, value, limit, unit, the limit is the lowest)
limits = [
    ("sftp get: throughput, confined / sshd's own", ratio("get"), 0.95, "", True),
    ("  CPU of the server's side", ratio("get_cpu"), 1.05, "", False),
    ("sftp put: throughput, confined / sshd's own", ratio("put"), 0.95, "", True),
    ("  CPU of the server's side", ratio("put_cpu"), 1.05, "", False),
    ("start of a session: more", more("start"), 15, "ms", False),
]


def main():
    missed = 0
    print("\n%-46s %12s %12s  %s" % ("figure", "value", "limit", "held"))
    for name, value, limit, unit, is_lowest in limits:
        held = value is not None and (value >= limit if is_lowest else value <= limit)
        missed += not held
        print("%-46s %12s %12s  %s" % (name, shown(value, unit),
                                       (">= " if is_lowest else "<= ") + shown(limit, unit),
                                       "-" if not COMPARE else "yes" if held else "NO"))
    print("\nbeside (no limit), confined and sshd's own:")
    for figure, unit in (("get", "MiB/s"), ("put", "MiB/s"), ("get_cpu", "s"), ("put_cpu", "s"), ("start", "ms")):
        print("%-46s %12s %12s" % (figure, shown(mid(figure, "gated"), unit), shown(mid(figure, "plain"), unit)))
    say_if_busy(FOLDER)
    if COMPARE:
        print("\n%d of %d limits held" % (len(limits) - missed, len(limits)))
    sys.exit(1 if COMPARE and missed else 0)


main()
