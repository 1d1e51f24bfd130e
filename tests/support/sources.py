"""Where the three source texts are, and a visible skip where they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("fu2018", "wei2018", "liebenau2020")


def sources() -> Path:
    """Return the folder of the source texts; skip the test where there is none."""
    given = os.environ.get("CATCHUP_SOURCES")
    for folder in (Path(given) if given else None, ROOT.parent / "shared" / "sources"):
        if folder is not None and all((folder / f"{name}.txt").is_file() for name in NAMES):
            return folder
    pytest.skip("the source texts are not at hand: set CATCHUP_SOURCES to their folder")


def source_text(name: str) -> str:
    """Return a source text as given, line ends untouched."""
    with (sources() / f"{name}.txt").open(encoding="utf-8", newline="") as file:
        return file.read()
