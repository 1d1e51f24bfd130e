"""A case is added from the command line without loading the graph, with the same result."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.built import built_home

from catchup.kg import names
from catchup.kg.cases.job import run_forked
from catchup.kg.cases.keep import Author, Keeper, Sent
from catchup.kg.snapshot import change
from catchup.kg.snapshot.manifest import Manifest, read_manifest
from catchup.kg.snapshot.ondisk import FOLDER, write_store

CASE = (Path(__file__).parent / "demo.yaml").read_text(encoding="utf-8")
#: What follows rests on the graph that is there: a known firm learns, and a case of another's.
HUAWEI = CASE.replace("hasLearner: demo-uk", "hasLearner: huawei")
OTHER = (
    CASE.replace("demo", "other")
    .replace("DEMO", "OTHER")
    .replace("Demo", "Other")
    .replace("示范", "其他")
    .replace("stSubject: other-uk", "stSubject: demo-uk")
)


def keeper_in(folder: Path) -> Keeper:
    ignored = shutil.ignore_patterns("cases", "reference")
    home = Path(shutil.copytree(built_home(), folder, ignore=ignored))
    return Keeper(home, names.BASE, run_forked)


def manifest(keeper: Keeper) -> Manifest:
    found = read_manifest(keeper.home)
    assert found is not None
    return found


def test_the_store_on_disk_gives_what_the_loaded_graph_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, loaded = keeper_in(tmp_path / "disk"), keeper_in(tmp_path / "loaded")
    me = Author("me", "0000-0002-1825-0097", "tests")
    # the moment of storing is part of what is stored
    monkeypatch.setattr("catchup.kg.cases.keep._now", lambda: "2024-01-01T00:00:00Z")
    loads: list[Path] = []
    real = change.load_store

    def counted(home: Path, snapshot: Manifest) -> object:
        loads.append(home)
        return real(home, snapshot)

    monkeypatch.setattr(change, "load_store", counted)
    shutil.rmtree(loaded.home / FOLDER)
    for case, text, replaces in [
        ("demo", CASE, None),
        ("demo", HUAWEI, "*"),
        ("other", OTHER, None),
    ]:
        for keeper in (disk, loaded):
            sent = Sent(text.encode(), "yaml", f"{case}.yaml")
            keeper.store(sent, me, accept=True, replaces=replaces)
        assert manifest(disk).id == manifest(loaded).id
        if replaces is None:
            write_store(disk.home, manifest(disk))  # holds a case that is revised later
    derived = [p for p in manifest(disk).parts if p.of]
    assert sum(p.triples for p in derived) > 30
    assert set(loads) == {loaded.home}
