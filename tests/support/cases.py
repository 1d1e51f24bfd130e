"""A graph that holds ontology, vocabularies, entities and bibliography, and one good case."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from catchup.kg import names
from catchup.kg.cases.formats import FORMATS
from catchup.kg.cases.job import run_forked, warm
from catchup.kg.cases.keep import Keeper, Sent
from catchup.kg.reading.entry import read_entry_file
from catchup.kg.reading.files import (
    entry_files,
    load_context,
    ontology_files,
    parse_turtle,
    vocabulary_files,
)
from catchup.kg.snapshot.index import write_index
from catchup.kg.snapshot.manifest import Manifest
from catchup.kg.snapshot.parts import write_part
from catchup.kg.snapshot.skolem import skolemise


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a snapshot of everything but the sources' claims."""
    home = tmp_path_factory.mktemp("home")
    context = load_context()
    graphs: dict[str, list[ox.Quad]] = {}
    for name, paths in (("ontology", ontology_files()), ("vocab", vocabulary_files())):
        triples = skolemise([t for path in paths for t in parse_turtle(path)])
        graphs[name] = [ox.Quad(*t) for t in triples]
    for path in entry_files():
        name = path.read_text(encoding="utf-8").partition("graph: ")[2].split()[0]
        if name in ("entities", "bibliography"):
            graphs.setdefault(name, []).extend(read_entry_file(path, context).quads)
    parts, quads = [], []
    for name, rows in graphs.items():
        graph = names.graph_iri(name)
        placed = [ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(graph)) for q in rows]
        parts.append(write_part(home, graph, name, placed))
        quads += placed
    counts = {"claims": {}, "triples": len(quads), "default": len(quads)}
    manifest = Manifest.of(parts, counts)
    write_index(home / manifest.index, quads)
    manifest.save(home)
    return home


@pytest.fixture
def home(bare_home: Path, tmp_path: Path) -> Path:
    """Return a copy of the bare home that a test may change."""
    return Path(shutil.copytree(bare_home, tmp_path / "home"))


@pytest.fixture
def keeper(home: Path) -> Keeper:
    """Return the keeper of a home that a test may change."""
    return Keeper(home, names.BASE, run_forked)


@pytest.fixture(scope="session")
def check(bare_home: Path) -> Callable[..., dict]:
    """Return a check of a text in a format against the bare home."""
    keeper = Keeper(bare_home, names.BASE, run_forked)
    warm(f.name for f in FORMATS)  # forks inherit it

    def run(text: str | bytes, format: str = "yaml", base: str = names.BASE) -> dict:
        keeper.base = base
        content = text.encode() if isinstance(text, str) else text
        return keeper.check(Sent(content, format, f"demo.{format}"))[0]

    return run
