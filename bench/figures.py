"""What the tables of figures share: rows from files, numbers in words."""
import math
import os
import statistics


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


def say_if_busy(folder):
    load = max(float(row[1]) for row in rows(folder, "load_average") or [["", 0]])
    if load > (os.cpu_count() or 1):
        print("\nThe machine was busy (load %.1f on %d processors): these figures are also about\n"
              "what else ran." % (load, os.cpu_count()))
