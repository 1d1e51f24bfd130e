"""A curated source, exported and entered again as a case, says the same."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from support.built import built_home

from catchup.cli.main import main
from catchup.kg import names
from catchup.kg.cases.keep import Author, Keeper, Sent
from catchup.kg.snapshot.manifest import read_manifest


def triples(home: Path, graph: str) -> set[ox.Triple]:
    manifest = read_manifest(home)
    assert manifest is not None
    parts = [p for p in manifest.parts if p.graph == names.graph_iri(graph) and not p.of]
    return {
        q.triple
        for p in parts
        for q in ox.parse(path=str(home / p.file), format=ox.RdfFormat.N_QUADS)
    }


@pytest.mark.parametrize(
    ("source", "format"),
    [(s, f) for s in ("fu2018", "wei2018", "liebenau2020") for f in ("yaml", "xlsx")],
)
def test_an_exported_source_entered_again_gives_the_same_triples(
    source: str, format: str, keeper: Keeper, tmp_path: Path
) -> None:
    file = tmp_path / f"{source}.{format}"
    arguments = ["--format", format, "--graph", source, "-o", str(file)]
    with pytest.raises(SystemExit) as done:
        main(["export", *arguments, "--home", str(built_home())])
    assert done.value.code == 0
    sent = Sent(file.read_bytes(), format, file.name)
    version, _ = keeper.store(sent, Author("tests"), accept=True)
    mine = triples(keeper.home, f"case-{version.case}")
    about = {ox.NamedNode(version.graph), ox.NamedNode(f"{names.D}run-case-{version.case}-1")}
    assert {t for t in mine if t.subject not in about} == triples(built_home(), source)
