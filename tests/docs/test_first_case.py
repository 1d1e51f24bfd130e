"""The guide to the first case, followed word by word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.built import built_home

from catchup.kg.reading.files import ROOT

GUIDE = (ROOT / "docs" / "guide-first-case.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLANK = re.compile(r"^( *(?:- )?(\w+):)( *)(#.*)?$")
#: Keys that have their value on the lines below.
OUTER = {"case", "defaults", "nodes", "claims", "asserts", "evidence", "resultsInCapability"}


def test_the_guide_to_the_first_case(tmp_path: Path) -> None:
    home = shutil.copytree(built_home(), tmp_path / "home")
    scripts = str(Path(sys.executable).parent)
    env = {**os.environ, "CATCHUP_HOME": str(home), "PATH": scripts + ":" + os.environ["PATH"]}
    form = tmp_path / "byd.yaml"
    said = ""
    seen = []
    for kind, fails, text in BLOCK.findall(GUIDE):
        seen.append(kind)
        if kind == "sh":
            done = subprocess.run(
                ["sh", "-ec", text], cwd=tmp_path, env=env, capture_output=True, text=True
            )
            said = done.stdout + done.stderr
            assert done.returncode == (1 if fails else 0), said
        elif kind == "output":
            for line in text.splitlines():
                assert line in said
        elif kind == "blanks":
            form.write_text(filled(form.read_text(encoding="utf-8"), text), encoding="utf-8")
        elif kind == "change":
            old, new = text.splitlines()
            lines = form.read_text(encoding="utf-8").splitlines()
            assert lines.count(old) == 1, old
            lines[lines.index(old)] = new
            form.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert set(seen) == {"sh", "output", "blanks", "change"}


def filled(form: str, blanks: str) -> str:
    """Return the form with its blanks filled from top to bottom, all of them."""
    answers = iter(blanks.splitlines())
    lines = []
    for line in form.splitlines():
        match = BLANK.match(line)
        if match and match.group(2) not in OUTER:
            key, _, value = next(answers).partition(": ")
            assert key == match.group(2), line
            line = f"{match.group(1)} {value}"
        lines.append(line)
    assert next(answers, None) is None
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", GUIDE))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).is_file()
