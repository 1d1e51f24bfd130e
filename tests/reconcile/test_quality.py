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
    lines = [x for x in done.stdout.splitlines() if x.startswith("all ")]
    for line, least in zip(lines, ((150, 100, 88, 95), (60, 100, 25, 65)), strict=True):
        names, *shares = line.removeprefix("all").split()
        precision, claimed, first, _ = (float(s.rstrip("%")) for s in shares)
        assert int(names) >= least[0]
        assert precision == least[1], done.stdout
        assert claimed >= least[2], done.stdout
        assert first >= least[3], done.stdout
