"""`python -m benchmarks.reconcile [HOME]`: precision and recall by kind of name."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from benchmarks.reconcile.measure import FRESH, NAMES, Outcome, figures, outcomes, read_names
from catchup.kg.settings import home


def main() -> None:
    """Print the figures of both lists, and each name that was claimed wrongly or not found."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else home()
    for path in (NAMES, FRESH):
        print(f"{path.name}")
        report(outcomes(folder, read_names(path)))


def report(found: list[Outcome]) -> None:
    """Print the figures of one list."""
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for one in found:
        kinds[one.row.kind].append(one)
    print(f"{'kind':<22}{'names':>6}{'precision':>11}{'claimed':>9}{'first':>8}{'in five':>9}")
    for kind, some in [*sorted(kinds.items()), ("all", found)]:
        f = figures(some)
        meant = any(o.row.expected for o in some)
        recall = f"{f.claimed:>9.1%}{f.first:>8.1%}{f.five:>9.1%}" if meant else " " * 26
        print(f"{kind:<22}{f.names:>6}{f.precision:>11.1%}{recall}")
    for one in found:
        if one.claimed and one.claimed != one.row.expected:
            print(f"claimed wrongly: {one.row.name} as {one.claimed}")
        elif one.row.expected and one.claimed != one.row.expected:
            best = one.found[0] if one.found else "nothing"
            print(f"not claimed: {one.row.name} ({one.row.expected}); best is {best}")


if __name__ == "__main__":
    main()
