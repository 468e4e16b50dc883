"""What the tables of figures share: rows from files, numbers in words, what a limit holds."""
import math
import os
import statistics

TIE = 0.15


def rows(folder, name):
    """Lines of FOLDER/NAME.tsv, split; none when it is not there."""
    path = os.path.join(folder, name + ".tsv")
    if not os.path.exists(path):
        return []
    with open(path) as lines:
        return [line.rstrip("\n").split("\t") for line in lines]


def divided(a, by):
    return None if a is None or not by else a / by


def shown(value, unit=""):
    if value is None:
        return "not measured"
    form = "%.0f" if abs(value) >= 100 else "%.2f" if abs(value) >= 1 else "%.3f"
    return form % value + (" " + unit if unit else "")


def median(values):
    return statistics.median(values) if values else None


def known_to(found):
    """Between these two the median of all such rounds lies, 19 times of 20; of so few
    that nothing can be said, the ends."""
    n, out, chance, ordered = len(found), 0, 0.0, sorted(found)
    while out < n // 2 and chance + math.comb(n, out) / 2 ** n <= 0.025:
        chance += math.comb(n, out) / 2 ** n
        out += 1
    at = max(0, out - 1)
    return ordered[at], ordered[n - 1 - at]


def is_within(limit, found):
    """The limit lies in what the median of these is known to."""
    if not found:
        return False
    least, most = known_to(found)
    return least <= limit <= most


def is_tie(ours, theirs):
    """Of times: their ranges overlap, and their medians are less than 15 % apart."""
    a, b = median(ours), median(theirs)
    overlap = min(ours) <= max(theirs) and min(theirs) <= max(ours)
    return overlap and abs(a - b) < TIE * max(a, b)


def bound(limit, unit="", is_least=False):
    return "" if limit is None else (">= " if is_least else "<= ") + shown(limit, unit)


class Limits:
    """A table's: how many there are, and how many of them were missed."""
    def __init__(self, compare):
        self.compare, self.count, self.missed = compare, 0, 0

    def held(self, value, limit, is_least=False, tie=False):
        """In a word; NO when there is no value or no limit, - when nothing is compared."""
        word = "NO"
        if value is not None and limit is not None:
            if value >= limit if is_least else value <= limit:
                word = "yes"
            elif tie:
                word = "yes (tie)"
        self.count += 1
        self.missed += word == "NO"
        return word if self.compare else "-"

    def status(self):
        """The exit status, after a line that says why."""
        if not self.compare:
            return 0
        print("\n%d of %d limits held" % (self.count - self.missed, self.count))
        return 1 if self.missed else 0


def say_if_busy(folder):
    load = max(float(row[1]) for row in rows(folder, "load_average") or [["", 0]])
    if load > (os.cpu_count() or 1):
        print("\nThe machine was busy (load %.1f on %d processors): these figures are also about\n"
              "what else ran." % (load, os.cpu_count()))
