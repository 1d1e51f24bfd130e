"""The wheel: code, data and pages inside, working away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from catchup.kg.reading.files import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_what_it_needs_and_nothing_else(unpacked: Path) -> None:
    top = {p.name for p in (unpacked / "catchup").iterdir()}
    assert top == {"kg", "server", "cli", "ontology", "shapes", "queries"}
    assert (unpacked / "catchup/ontology/context.jsonld").is_file()
    assert not list(unpacked.rglob("*.pyc"))
    names = {p.name for p in unpacked.iterdir()}
    assert all(n == "catchup" or n.endswith(".dist-info") for n in names)
    entry = next(unpacked.glob("*.dist-info")) / "entry_points.txt"
    assert "catchup = catchup.cli.main:main" in entry.read_text()


def test_the_wheel_builds_and_answers_away_from_the_checkout(
    unpacked: Path, tmp_path: Path, home: Path
) -> None:
    own = tmp_path / "home"
    own.mkdir()
    # the slow checks depend on nothing but the files: their results may be taken along
    caches = json.loads((home / "stamp.json").read_text())["caches"]
    (own / "stamp.json").write_text(json.dumps({"caches": caches}))
    env = {**os.environ, "PYTHONPATH": str(unpacked), "CATCHUP_HOME": str(own)}
    query = "ASK { d:huawei a cu:ReverseLearningFirm }"
    done = subprocess.run(
        [sys.executable, "-m", "catchup.cli.main", "query", "-e", query],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "true"
    assert (own / "manifest.json").is_file()
    used = subprocess.run(
        [sys.executable, "-c", "import catchup.kg.names as n; print(n.__file__)"],
        cwd=tmp_path, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert Path(used.stdout.strip()).is_relative_to(unpacked)
