"""Cases are kept: versions, tombstones, erasure, conflicts, crashes, a full disk."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyoxigraph as ox
import pytest

from catchup.kg import names
from catchup.kg.cases.adopt import adopt
from catchup.kg.cases.job import run_forked, warm
from catchup.kg.cases.journal import CaseConflict, Journal, StorageFull
from catchup.kg.cases.keep import Author, Keeper, Sent, accepted
from catchup.kg.errors import CatchupError, NotFound
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import Manifest, read_manifest
from catchup.kg.snapshot.parts import read_part

CASE = (Path(__file__).parent / "demo.yaml").read_text(encoding="utf-8")
ME = Author("me", "0000-0002-1825-0097", "tests")
ROUNDS = 25


def sent(case: str = "demo", text: str = CASE) -> Sent:
    letters = "".join(c for c in case if c.isalpha()).upper()[:1] + "".join(
        chr(65 + int(c)) for c in case if c.isdigit()
    )
    own = text.replace("demo", case).replace("DEMO", (letters + "XX")[:5])
    own = own.replace("Demo Motors", f"Demo {case}").replace("示范", case)
    return Sent((text if case == "demo" else own).encode(), "yaml", f"{case}.yaml")


def graph_of(home: Path, case: str = "demo") -> str:
    manifest = read_manifest(home)
    assert manifest is not None
    parts = [p for p in manifest.parts if p.graph == names.graph_iri(f"case-{case}")]
    assert len(parts) <= 1
    return (home / parts[0].file).read_text(encoding="utf-8") if parts else ""


def inferred(home: Path, case: str = "demo") -> str:
    manifest = read_manifest(home)
    assert manifest is not None
    mine = [p for p in manifest.parts if names.graph_iri(f"case-{case}") in p.of.split()]
    return "".join((home / p.file).read_text(encoding="utf-8") for p in mine)


def test_a_stored_case_has_a_graph_and_what_follows_from_it(keeper: Keeper) -> None:
    version, _ = keeper.store(sent(), ME, accept=True)
    assert (version.number, version.state) == (1, "accepted")
    graph = graph_of(keeper.home)
    assert f"<{names.D}demo-motors>" in graph
    assert "0000-0002-1825-0097" in graph
    assert "creativecommons.org/licenses/by/4.0/" in graph
    follows = inferred(keeper.home)
    assert f"<{names.D}demo-uk> <{names.CU}unitOf> <{names.D}demo-motors>" in follows
    assert f"<{names.D}demo-uk> <{names.CU}learnedVia> <{names.CUV}hostCountry>" in follows


def test_a_hedged_figure_stays_out_of_what_follows(keeper: Keeper) -> None:
    keeper.store(sent(), ME, accept=True)
    assert "demo-0003-figure" in graph_of(keeper.home)
    assert "demo-0003-figure" not in inferred(keeper.home)


def test_a_wrong_case_is_refused_with_its_results(keeper: Keeper) -> None:
    wrong = Sent(CASE.replace("hedge: nearly", "").encode(), "yaml", "demo.yaml")
    with pytest.raises(CatchupError) as told:
        keeper.store(wrong, ME, accept=True)
    assert told.value.status == 422
    assert any("hedge" in r["message"] for r in told.value.extra["results"])
    assert keeper.journal.ids() == []


def test_a_revision_keeps_the_old_version(keeper: Keeper) -> None:
    first, _ = keeper.store(sent(), ME, accept=True)
    changed = Sent(CASE.replace("page: 12", "page: 13").encode(), "yaml", "demo.yaml")
    with pytest.raises(CatchupError, match="exists already"):
        keeper.store(changed, ME, accept=True)
    second, _ = keeper.store(changed, ME, accept=True, replaces=first.etag)
    assert second.number == 2
    assert keeper.journal.content(first) == CASE.encode()
    assert '"13"' in graph_of(keeper.home)
    assert '"12"' not in graph_of(keeper.home)
    with pytest.raises(CatchupError) as late:
        keeper.store(changed, ME, accept=True, replaces=first.etag)
    assert late.value.status == 412


def test_withdrawing_takes_exactly_its_own(keeper: Keeper) -> None:
    before = read_manifest(keeper.home)
    keeper.store(sent(), ME, accept=True)
    keeper.withdraw("demo", ME, note="by mistake")
    after = read_manifest(keeper.home)
    assert before is not None
    assert after is not None
    assert after.id == before.id
    assert keeper.journal.newest("demo").state == "withdrawn"
    assert keeper.journal.newest("demo").note == "by mistake"
    with pytest.raises(CaseConflict, match="withdrawn"):
        keeper.store(sent(), ME, accept=True)


def test_erasing_leaves_nothing_but_a_tombstone(keeper: Keeper) -> None:
    keeper.store(sent(), ME, accept=True)
    keeper.withdraw("demo", ME, erase=True)
    left = b"".join(p.read_bytes() for p in keeper.home.rglob("*") if p.is_file())
    assert b"looking after customers" not in left
    assert [v.state for v in keeper.journal.versions("demo")] == ["accepted", "erased"]


def test_a_pending_case_waits(keeper: Keeper) -> None:
    version, report = keeper.store(sent(), ME, accept=False)
    assert version.state == "pending"
    assert report["conforms"]
    assert graph_of(keeper.home) == ""
    accepted_ = keeper.accept("demo", Author("curator", "0000-0001-5109-3700", "tests"))
    assert accepted_.number == 2
    assert "0000-0001-5109-3700" in graph_of(keeper.home)
    with pytest.raises(CaseConflict):
        keeper.accept("demo", ME)


def test_two_installations_do_not_collide_and_adoption_is_a_recorded_rename(home: Path) -> None:
    keeper = Keeper(home, "https://kg.example/", run_forked)
    version, _ = keeper.store(sent(), ME, accept=True)
    assert version.graph == "https://kg.example/graph/case-demo"
    text = keeper.journal.quads(version).decode()
    assert "<https://kg.example/id/demo-motors>" in text
    assert f"<{names.D}demo-motors>" not in text
    assert f"<{names.D}cn>" in text
    adopted = adopt(keeper, "demo", ME)
    assert adopted.renames["https://kg.example/id/demo-motors"] == names.D + "demo-motors"
    ours = Keeper(home, names.BASE, run_forked)
    again, quads = ours.check(Sent(adopted.entry.encode(), "yaml", "demo.yaml"))
    assert again["conforms"], again["results"]
    moved = text
    for old, new in adopted.renames.items():
        moved = moved.replace(f"<{old}>", f"<{new}>")
    moved = moved.replace(version.graph, again["graph"])
    assert sorted(quads.decode().splitlines()) == sorted(moved.splitlines())
    assert keeper.journal.newest("demo").note == f"adopted as {names.G}demo"


def test_a_name_that_is_taken(keeper: Keeper) -> None:
    keeper.store(sent(), ME, accept=True)
    other = CASE.replace("id: demo\n", "id: other\n", 1)
    with pytest.raises(CatchupError) as told:
        keeper.store(Sent(other.encode(), "yaml", "other.yaml"), ME, accept=True)
    said = " ".join(r["message"] for r in told.value.extra["results"])
    assert "DEMO-0001 is taken" in said
    assert "'demo-motors' stands in the graph already" in said


@pytest.mark.parametrize("format", ["yaml", "turtle"])
def test_a_second_value_for_what_is_there_is_found(keeper: Keeper, format: str) -> None:
    keeper.store(sent(), ME, accept=True)
    yaml = (
        "case: {id: second, title: Second, creator: me, licence: CC0-1.0}\n"
        "nodes:\n- id: demo-0003-figure\n  type: Figure\n  numericValue: 59\n"
    )
    turtle = (
        f"<{names.G}case-second> <{names.DCTERMS}title> 'Second'@en .\n\n"
        f"<{names.D}demo-0003-figure> a <{names.CU}Figure> ;\n"
        f" <{names.CU}numericValue> 59 .\n"
    )
    text = yaml if format == "yaml" else turtle
    report, _ = keeper.check(Sent(text.encode(), format, f"second.{format}"))
    assert not report["conforms"]
    told = report["results"][0]
    assert "'demo-0003-figure' stands in the graph already" in told["message"]
    assert told["line"] == 3
    assert "Speak of it in a situation" in told["remedy"]


def test_two_writers_at_once(home: Path) -> None:
    def write(_: int) -> str:
        code = (
            "import sys; from pathlib import Path\n"
            "from catchup.kg.cases.job import run_forked\n"
            "from catchup.kg.cases.keep import *\n"
            f"k = Keeper(Path({str(home)!r}), {names.BASE!r}, run_forked)\n"
            "try: print(k.store(Sent(sys.stdin.buffer.read(), 'yaml', 'demo.yaml'), "
            "Author('me'), accept=True)[0].state)\n"
            "except Exception as e: print(e.status)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], input=CASE.encode(), capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(write, range(2)))
    assert answers == ["409", "accepted"]
    assert len(Journal(home).versions("demo")) == 1
    assert graph_of(home)


def test_unknown_cases(keeper: Keeper) -> None:
    with pytest.raises(NotFound):
        keeper.withdraw("nothing", ME)
    with pytest.raises(NotFound):
        keeper.store(sent(), ME, accept=True, replaces="*")


@pytest.fixture
def small_disk(tmp_path: Path, bare_home: Path) -> Iterator[Path]:
    """A disk with hardly more room than the snapshot takes."""
    size = sum(p.stat().st_size for p in bare_home.rglob("*") if p.is_file())
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={size + 400_000}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    try:
        yield Path(shutil.copytree(bare_home, folder / "home"))
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_nothing(small_disk: Path) -> None:
    keeper = Keeper(small_disk, names.BASE, run_forked)
    filler = small_disk.parent / "filler"
    room = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
    filler.write_bytes(b"x" * (room - 8_192))
    before = read_manifest(small_disk)
    with pytest.raises(CatchupError) as told:
        keeper.store(sent(), ME, accept=True)
    assert told.value.exit_code == 2
    assert told.value.status in (StorageFull.status, 503)
    assert read_manifest(small_disk) == before
    assert keeper.journal.ids() == []
    filler.unlink()
    keeper.reconcile()
    assert graph_of(small_disk) == ""


def submissions(home: Path, first: int, told: int) -> None:
    """Store case after case, telling each as it is stored; to be killed."""
    keeper = Keeper(home, names.BASE, run_forked)
    for number in range(first, first + 1000):
        version, _ = keeper.store(sent(f"case{number}"), ME, accept=True)
        os.write(told, f"{version.case}\n".encode())


@pytest.fixture
def quick_home(home: Path) -> Path:
    """A home whose snapshot has entities only: nothing follows, so that storing is quick."""
    manifest = read_manifest(home)
    assert manifest is not None
    parts = [p for p in manifest.parts if p.kind == "entities"]
    small = Manifest.of(parts, manifest.counts)
    write_index(home / small.index, [q for p in parts for q in read_part(home, p)])
    small.save(home)
    return home


def test_what_was_acknowledged_survives_a_kill(quick_home: Path) -> None:
    home = quick_home
    rounds = int(os.environ.get("CATCHUP_CRASHES", ROUNDS))
    chance = random.Random(2018)
    warm(["yaml"])
    began = time.monotonic()
    Keeper(home, names.BASE, run_forked).store(sent("case1"), ME, accept=True)
    usual = time.monotonic() - began
    acknowledged: list[str] = []
    number = 100
    for _ in range(rounds):
        mine, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.setsid()
            with contextlib.suppress(BaseException):
                submissions(home, number, theirs)
            os._exit(1)
        os.close(theirs)
        time.sleep(
            chance.uniform(0.1, 3) * usual
        )  # the moment of the kill, not a wait for something
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(mine) as pipe:
            acknowledged += pipe.read().split()
        keeper = Keeper(home, names.BASE, run_forked)
        keeper.reconcile()
        number += 100
    stored = dict(accepted(home))
    assert len(acknowledged) >= rounds / 5, "the kills came too early to show anything"
    assert {names.graph_iri(f"case-{c}") for c in acknowledged} <= set(stored)
    manifest = read_manifest(home)
    assert manifest is not None
    cases = [p.graph for p in manifest.parts if p.kind == "case"]
    assert sorted(cases) == sorted(stored)
    for case in acknowledged:
        assert len(Journal(home).versions(case)) == 1
    for graph in stored:
        text = graph_of(home, graph.rpartition("case-")[2])
        claims = [
            q for q in ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS) if "Claim>" in str(q)
        ]
        assert len(claims) == 3, "a case is there whole or not at all"
    assert not list((home / "cases").rglob(".*.*"))
