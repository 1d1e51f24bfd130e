"""`catchup build`: the same snapshot everywhere, nothing done twice, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catchup.kg.reading.files import ROOT

FOLDERS = ("kg", "cli", "ontology", "shapes", "queries", "server")


def catchup(
    tree: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line of the tree at `tree`."""
    paths = f"{tree / 'build' / 'editable'}"
    return subprocess.run(
        [sys.executable, "-m", "catchup.cli.main", *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths, "NO_COLOR": "1", "COLUMNS": "200", **(env or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )


def take_caches(home: Path, to: Path) -> None:
    """Take the results of the slow checks along: they depend on nothing but the files."""
    stamp = json.loads((home / "stamp.json").read_text())
    to.mkdir(parents=True)
    (to / "stamp.json").write_text(json.dumps({"caches": stamp["caches"]}))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """A copy of the repository with a snapshot built in it."""
    copy = tmp_path_factory.mktemp("tree")
    for folder in FOLDERS:
        ignore = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignore)
        link = copy / "build" / "editable" / "catchup" / folder
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(copy / folder)
    shutil.copy(ROOT / "pyproject.toml", copy)
    take_caches(home, copy / "build" / "home")
    built = catchup(copy, "build", "--json")
    assert built.returncode == 0, built.stderr
    return copy


@pytest.fixture
def changed(tree: Path) -> Iterator[Path]:
    """The tree, with every file that a test changed put back afterwards."""
    folders = ("kg/data", "ontology", "shapes")
    files = [p for f in folders for p in (tree / f).rglob("*") if p.is_file()]
    before = {p: p.read_bytes() for p in files}
    manifest = (tree / "build/home/manifest.json").read_bytes()
    yield tree
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)
    assert (tree / "build/home/manifest.json").read_bytes() == manifest


def test_nothing_changed_nothing_done(tree: Path) -> None:
    again = json.loads(catchup(tree, "build", "--json").stdout)
    assert again["fresh"] is False
    assert sum(again["claims"].values()) > 700
    assert again["graphs"]["https://w3id.org/catchup/graph/inferred"] > 1000


def test_the_same_files_give_the_same_snapshot_in_any_time_zone_and_locale(tree: Path) -> None:
    here = json.loads(catchup(tree, "build", "--json").stdout)
    env = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "HOME": "/nonexistent"}
    home = tree / "other"
    take_caches(tree / "build" / "home", home)
    there = catchup(tree, "build", "--json", "--home", str(home), env=env)
    assert there.returncode == 0, there.stderr
    assert json.loads(there.stdout)["id"] == here["id"]
    assert json.loads(there.stdout)["fresh"] is True


WRONG = {
    "turtle syntax": (
        "ontology/core.ttl", lambda t: t + "\ncu:Broken a owl:Class ;;; .\ncu:x cu:y\n",
        "ontology/core.ttl:",
    ),
    "unknown prefix": (
        "ontology/core.ttl", lambda t: t + "\nfoo:Broken a owl:Class .\n", "ontology/core.ttl:",
    ),
    "undeclared term": (
        "ontology/core.ttl",
        lambda t: t + "\ncu:Claim rdfs:seeAlso cu:Clam .\n",
        "cu:Clam is declared nowhere",
    ),
    "dangling reference": (
        "kg/data/entities/shared.yaml",
        lambda t: t.replace("type: Firm, label: Haier", "type: Firm, brandOf: haierr, label: Haier"),
        "Did you mean d:haier?",
    ),
    "duplicate key": (
        "kg/data/entities/shared.yaml", lambda t: t + "graph: entities\n", "stands twice",
    ),
    "inconsistent axiom": (
        "ontology/axioms.ttl",
        lambda t: t + "\ncu:Odd a owl:Class ; <http://www.w3.org/2000/01/rdf-schema#subClassOf>"
        " cu:EmergingMarket , cu:DevelopedMarket .\n",
        "Odd",
    ),
    "shape violation": (
        "kg/data/liebenau2020/coordination.yaml",
        lambda t: t.replace("\n  voice: authors", "", 1),
        "kg/data/liebenau2020/coordination.yaml:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_stops_the_build_and_is_named(changed: Path, fault: str) -> None:
    name, change, said = WRONG[fault]
    path = changed / name
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    built = catchup(changed, "build")
    assert built.returncode == 1, built.stderr
    assert said in built.stderr
    assert "Traceback" not in built.stderr


def test_a_folder_that_cannot_be_written(tree: Path) -> None:
    blocked = tree / "blocked"
    blocked.write_text("a file, not a folder")
    built = catchup(tree, "build", "--home", str(blocked / "home"))
    assert built.returncode == 2
    assert len(built.stderr.strip().splitlines()) == 1
    assert str(blocked) in built.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_leaves_the_old_snapshot(tree: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)])
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a tmpfs")
    try:
        home = disk / "home"
        take_caches(tree / "build" / "home", home)
        built = catchup(tree, "build", "--home", str(home))
        assert built.returncode == 2, built.stderr
        assert "could not be written" in built.stderr
        assert not (home / "manifest.json").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_usage_errors_exit_with_2(tree: Path) -> None:
    assert catchup(tree, "build", "--no-such-option").returncode == 2
    assert catchup(tree, "no-such-command").returncode == 2
