"""The real graph, built once for all tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

from catchup.kg.reading.files import ROOT
from catchup.kg.snapshot.build import build


def built_home() -> Path:
    """Return a home with the snapshot of this checkout, without any entered case.

    It stays between runs, since checking the ontology takes most of a build. CATCHUP_TEST_HOME
    names one that is built already.
    """
    given = os.environ.get("CATCHUP_TEST_HOME")
    if given:
        return Path(given)
    home = ROOT / "build" / "test-home"
    build(home)
    return home
