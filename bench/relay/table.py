#!/usr/bin/python3
"""Figures of the relay against limits, and against others.

table.py FOLDER yes|no PART…

Reads FOLDER/rounds.tsv: kind, contender, figure, value, round, pace (pace.sh). Figures of
slow moments are left out where five of quick ones remain of each contender. Limits on CPU,
memory and descriptors are clear ones; times of contenders (a flush and 150 us is one) whose
ranges overlap and whose medians are less than 15 % apart are a tie, which holds; so do times
measured in turn (ours and the best peer's, gated and not, a visit and a flush) where the limit lies within what
the median of their ratio, or difference, is known to (95 %). Exit 1 when a limit is missed
or something was not measured (never with "no").
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# pylint: disable=wrong-import-position
from figures import Limits, bound, divided, is_tie, is_within, known_to, median, rows, shown

FOLDER, COMPARE, PARTS = sys.argv[1], sys.argv[2] == "yes", sys.argv[3:]
PEERS = ("proxyd", "haproxy", "nginx", "socat")
LINKS_PER_S = 20  # links_per_s of the gateway, as it is by itself
KINDS = ("UU", "TU")
LEAST = 5  # figures of quick moments, of each contender, and
LEAST_PAIRS = 9  # rounds in which both of a pair are, of times; of fewer all count
PAIRED = (("ours", "flush"), ("gated", "plain"))
AT_ANY_PACE = ("visit_failed", "idle_kib", "idle_fds")
data = {}
pairs = {}


def enough(group):
    """Is so much of it left that it says something? group: (row, is quick)..."""
    rounds = {}
    for row, is_quick in group:
        each = rounds.setdefault(row[1], [])
        if is_quick:
            each.append(row[4])
    return min(len(each) for each in rounds.values()) >= LEAST and all(
        len(set(rounds[one]) & set(rounds[other])) >= LEAST_PAIRS
        for one, other in PAIRED
        if one in rounds and other in rounds and not group[0][0][2].endswith("_cpu"))


def without_slow(found):
    """Those of quick moments, and of figures with too few of these all; how many are not
    of quick moments, and all the same there."""
    quick = max((float(row[3]) for row in found if row[0] == "PACE"), default=0)
    groups, kept, slow = {}, [], 0
    for row in found:
        is_quick = len(row) < 6 or row[2] in AT_ANY_PACE or float(row[5]) <= quick
        groups.setdefault((row[0], row[2]), []).append((row, is_quick))
    for group in groups.values():
        paced = [row for row, _ in group if len(row) > 5]
        if paced and enough(group):
            kept += [row for row, is_quick in group if is_quick]
        else:
            kept += [row for row, _ in group]
            slow += sum(not is_quick for _, is_quick in group)
    return kept, slow


def read():
    found = rows(FOLDER, "rounds")
    kept, slow = without_slow(found)
    for row in kept:
        data.setdefault((row[0], row[1], row[2]), []).append(float(row[3]))
        if len(row) > 4:
            pairs.setdefault((row[0], row[2]), {}).setdefault(row[4], {})[row[1]] = float(row[3])
    return ("Of %d figures %d were taken while the processor was slower than it can be, and are left\n"
            "out; %d more were, and are not, because too few others were there." % (
                len(found), len(found) - len(kept), slow))


def is_paired_tie(limit, found):
    return len(found) >= LEAST_PAIRS and is_within(limit, found)


def values(kind, who, figure):
    return data.get((kind, who, figure), [])


def mid(kind, who, figure):
    return median(values(kind, who, figure))


def best_peer(kind, figure, is_more):
    """Its name, by its median; proxyd's mix is left out where Nagle does its work."""
    found = [(mid(kind, who, figure), who) for who in PEERS if values(kind, who, figure)
             and not (kind == "TU" and who == "proxyd" and figure.startswith("mix"))]
    return (max(found) if is_more else min(found))[1] if found else None


class Table:
    def __init__(self):
        self.limits = Limits(COMPARE)
        print("\n%-44s %22s %16s %-9s  %s" % ("figure", "value [min-max]", "limit", "held", "best peer"))

    def line(self, name, got, limit, unit, is_more=False, tie=False, beside=""):
        value = median(got)
        span = "%s [%s-%s]" % (shown(value), shown(min(got)), shown(max(got))) if got else "not measured"
        print("%-44s %22s %16s %-9s  %s" % (
            name, span, bound(limit, unit, is_more), self.limits.held(value, limit, is_more, tie), beside))

    def against(self, name, kind, figure, factor, unit, is_time, is_more=False):
        ours, who = values(kind, "ours", figure), best_peer(kind, figure, is_more)
        theirs = values(kind, who, figure) if who else []
        limit = factor * median(theirs) if theirs else None
        tie = bool(is_time and ours and theirs and (
            is_tie(ours, theirs) or is_paired_tie(factor, ratios(kind, figure, "ours", who))))
        beside = "%s %s [%s-%s]; direct %s" % (
            who, shown(median(theirs)), shown(min(theirs)), shown(max(theirs)),
            shown(mid(kind, "direct", figure))) if theirs else ""
        self.line("%s, %s" % (name, kind), ours, limit, unit, is_more, tie, beside)


def pure(table):
    for name, figure in (("bulk", "bulk"), ("bulk to the VM", "up")):
        for kind in KINDS:
            table.against(name, kind, figure, 0.95, "GiB/s", True, True)
            table.against("  relay CPU", kind, figure + "_cpu", 1.05, "s/GiB", False)
    for size in (64, 1024):
        for kind in KINDS:
            table.against("round trip, %d B, p50" % size, kind, "rtt%d_p50" % size, 1.05, "us", True)
            table.against("  p99", kind, "rtt%d_p99" % size, 1.05, "us", True)
            if size == 64:
                table.against("  relay CPU", kind, "rtt64_cpu", 0.95, "us", False)
    for kind in KINDS:
        table.against("SPICE mix: relay CPU", kind, "mix_cpu", 0.85, "ms/s", False)
        table.against("  up, p99", kind, "mix_up_p99", 1.1, "us", True)


def idle(table):
    for kind in KINDS:
        table.line("idle relays: memory each, " + kind, values(kind, "ours", "idle_kib"), 0.3, "KiB",
                   beside="; ".join("%s %s" % (who, shown(mid(kind, who, "idle_kib")))
                                    for who in PEERS if values(kind, who, "idle_kib")))
        table.line("  descriptors each, " + kind, values(kind, "ours", "idle_fds"), 2.01, "")
        table.against("  round trip among them, p99", kind, "idle_p99", 1.05, "us", True)


def connection(table):
    for kind, least in (("UU", 250), ("TU", 300)):
        ours, flush = values(kind, "ours", "visit_p50"), mid(kind, "flush", "visit_p50")
        limits = [max(least, each + 150) for each in values(kind, "flush", "visit_p50")]
        over = [p["ours"] - max(least, p["flush"] + 150)
                for p in pairs.get((kind, "visit_p50"), {}).values() if "ours" in p and "flush" in p]
        table.line("connection, decided and on record, p50, " + kind, ours, median(limits), "us",
                   tie=is_paired_tie(0, over) or bool(ours and limits and is_tie(ours, limits)),
                   beside="a flush %s; " % shown(flush) + "; ".join(
                       "%s %s" % (who, shown(mid(kind, who, "visit_p50")))
                       for who in ("direct",) + PEERS if values(kind, who, "visit_p50")))
        table.line("  64 at once, " + kind, values(kind, "ours", "visit_rate"), 5000, "a second", is_more=True)
        failed = values(kind, "ours", "visit_failed")
        if sum(failed):
            print("  of these %d failed" % sum(failed))
    for kind, there in (("UU", 18), ("TU", 30)):
        here = mid(kind, "direct", "visit_p50")
        print("%-44s %22s %16s" % ("direct, here and where limits were made, " + kind, shown(here, "us"),
                                   shown(there, "us")))


def ratios(kind, figure, of, to):
    """Of the rounds in which both were measured."""
    found = pairs.get((kind, figure), {}).values()
    return [divided(p[of], p[to]) for p in found if of in p and to in p]


def sshd(table):
    def of_peers(say):
        return "".join("; %s %s" % (who, say(who)) for who in PEERS if values("SSH", who, "bulk"))

    def ratio(name, figure, limit, is_more, beside):
        found = ratios("SSH", figure, "gated", "plain")
        least, most = known_to(found) if found else (0, 0)
        table.line(name, found, limit, "", is_more, tie=is_paired_tie(limit, found),
                   beside="median between %s and %s; %s" % (shown(least), shown(most), beside)
                   + of_peers(lambda who: shown(median(ratios("SSH", figure, who, "plain")))))

    ratio("through sshd: throughput, gated / not", "bulk", 0.95, True,
          "%s GiB/s" % shown(mid("SSH", "plain", "bulk")))
    ratio("  round trip, p50, gated / not", "rtt64_p50", 1.15, False,
          "%s us" % shown(mid("SSH", "plain", "rtt64_p50")))
    table.line("  relay CPU", values("SSH", "gated", "bulk_cpu"), 0.08, "s/GiB")
    # The same, by who else could stand behind that sshd.
    for name, figure, factor, unit in (("round trip, p50", "rtt64_p50", 1.05, "us"),
                                       ("relay CPU", "bulk_cpu", 1.05, "s/GiB")):
        who = best_peer("SSH", figure, False)
        limit = factor * mid("SSH", who, figure) if who else None
        table.line("  %s, gated / others" % name, values("SSH", "gated", figure), limit, unit,
                   beside=of_peers(lambda who, f=figure: shown(mid("SSH", who, f)))[2:])


def flood(table):
    found = ratios("FLOOD", "rtt64_p99", "flooded", "quiet")
    rate = "%s links a second, %s of them closed at once" % (
        shown(mid("FLOOD", "ours", "links_per_s")), shown(mid("FLOOD", "ours", "links_closed_at_once")))
    table.line("another's round trip in a flood, p99 / quiet", found, 2, "",
               beside="quiet %s us; %s" % (shown(mid("FLOOD", "quiet", "rtt64_p99")), rate))
    # Five seconds' worth at once, then the rate; a tenth is the clock's.
    seconds = mid("FLOOD", "ours", "seconds")
    table.line("  links that the VM saw", values("FLOOD", "ours", "links_seen"),
               None if seconds is None else LINKS_PER_S * (5 + 1.1 * seconds), "")


def all_figures():
    """Everybody's, for the curious."""
    names = sorted({(kind, figure) for kind, _, figure in data if kind != "PACE"})
    print("\nall medians:")
    for kind, figure in names:
        print("%-3s %-12s %s" % (kind, figure, "  ".join(
            "%s %s" % (who, shown(mid(kind, who, figure)))
            for who in ("direct", "flush", "ours") + PEERS + ("gated", "plain", "quiet", "flooded") if values(kind, who, figure))))


def main():
    left_out = read()
    table = Table()
    for part, show in (("pure", pure), ("idle", idle), ("connection", connection), ("sshd", sshd),
                       ("flood", flood)):
        if part in PARTS:
            show(table)
    all_figures()
    print("\n" + left_out)
    sys.exit(table.limits.status())


main()
