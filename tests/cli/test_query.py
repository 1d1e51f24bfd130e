"""`catchup query`: the catalogue's list and completion, parameters, formats, mistakes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catchup.kg.catalogue import catalogue
from catchup.kg.reading.files import ROOT


def catchup(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    paths = {"PYTHONPATH": str(ROOT / "build" / "editable"), "NO_COLOR": "1"}
    more = {"CATCHUP_HOME": str(home)} if home else {}
    return subprocess.run(
        [sys.executable, "-m", "catchup.cli.main", *arguments],
        env={**os.environ, **paths, **more},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_list_names_every_question() -> None:
    listed = json.loads(catchup("query", "--list", "--json").stdout)
    assert [q["name"] for q in listed] == list(catalogue())
    shown = catchup("query", "--list", "partner")
    assert "partnerships" in shown.stdout and "question(s)" in shown.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [("query partn", "partnerships"), ("query partnerships --param f", "firm=")],
)
def test_the_shell_completes_names_and_parameters(words: str, expected: str) -> None:
    asked = {
        "_CATCHUP_COMPLETE": "complete_bash",
        "COMP_WORDS": "catchup " + words,
        "COMP_CWORD": str(len(words.split())),
    }
    command = Path(sys.executable).with_name("catchup")
    done = subprocess.run(
        [command], env={**os.environ, **asked}, capture_output=True, text=True, timeout=60
    )
    assert expected in done.stdout


def test_parameters_formats_and_mistakes(home: Path) -> None:
    given = ("query", "partnerships", "--param", "firm=华为")
    rows = list(csv.DictReader(io.StringIO(catchup(*given, "--format", "csv", home=home).stdout)))
    assert {"Siemens", "IBM"} <= {r["partner"] for r in rows}
    wrong = catchup("query", "partnerships", "--param", "firm=huawey", home=home)
    assert wrong.returncode == 1
    assert "'huawei'" in wrong.stderr and not wrong.stdout
    assert catchup("query", "partnership", home=home).returncode == 1
    assert catchup("query", "partnerships", "--param", "huawei", home=home).returncode == 2
