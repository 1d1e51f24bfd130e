"""The quality of matching, on names as they stand in tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from catchup.kg.reading.files import ROOT


def test_what_is_claimed_is_right_and_most_is_found(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.reconcile", str(home)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    line = next(x for x in done.stdout.splitlines() if x.startswith("all "))
    names, *shares = line.removeprefix("all").split()
    precision, claimed, first, _ = (float(s.rstrip("%")) for s in shares)
    assert int(names) >= 150
    assert precision == 100, done.stdout
    assert claimed >= 88, done.stdout
    assert first >= 95, done.stdout
