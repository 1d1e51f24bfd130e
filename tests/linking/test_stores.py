"""Exports and documents, loaded by other stores: all statements arrive, none with a warning."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from linking.conftest import Run
from support import stores
from support.serve import Served

from catchup.kg.snapshot.manifest import read_manifest

#: Format and graph of each export; JSON-LD of all of it takes these readers a minute.
EXPORTS = {
    "all.trig": ("trig", ""), "all.nq": ("nquads", ""), "np.trig": ("nanopub", ""),
    "one.jsonld": ("jsonld", "entities"), "one.trig": ("trig", "entities"),
}  # fmt: skip
GRAPH = "/graphs?graph=https://w3id.org/catchup/graph/"
DOCUMENTS = ("/id/huawei", "/id/c-fu-0770", "/vocab/homeAppliances", "/shapes/", f"{GRAPH}links")
FORMATS = {"ttl": "text/turtle", "rdf": "application/rdf+xml"}


@pytest.fixture(scope="module")
def files(link: Run, site: Served, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return exports in all formats that others read, and documents of the server."""
    folder = tmp_path_factory.mktemp("exports")
    for name, (kind, graph) in EXPORTS.items():
        done = link("--format", kind, "--graph", graph, "-o", str(folder / name), command="export")
        assert done.returncode == 0, done.stderr
    for number, path in enumerate(DOCUMENTS):
        for suffix, media in FORMATS.items():
            answer = site.get(path, headers={"Accept": media}, follow_redirects=True)
            assert answer.headers["content-type"].startswith(media), path
            name = re.sub(r"\W+", "-", path.rsplit("catchup", 1)[-1]).strip("-") or "root"
            (folder / f"{number}-{name}.{suffix}").write_bytes(answer.content)
    return sorted(folder.iterdir())


def whole(counts: dict[str, int], home: Path) -> None:
    """Assert that counts by file are those of the snapshot, and the same in each format."""
    manifest = read_manifest(home)
    assert manifest
    every = sum(p.triples for p in manifest.parts)
    assert [n for f, n in counts.items() if f.startswith("all.") and n != every] == []
    by_document: dict[str, set[int]] = {}
    for name, count in counts.items():
        by_document.setdefault(name.rsplit(".", 1)[0], set()).add(count)
    assert {name: found for name, found in by_document.items() if len(found) > 1} == {}


def test_jena_reads_all_without_a_warning(files: list[Path], home: Path, tmp_path: Path) -> None:
    command = stores.jena(tmp_path)
    if not command:
        pytest.skip("no Java")
    old = "pellet" in command[2]
    # Jena 2 knows no JSON-LD; Debian's Jena 4 has no parser of JSON for its version 1.1
    rest = [str(f) for f in files if f.suffix != ".jsonld"]
    json = [str(f) for f in files if f.suffix == ".jsonld" and not old]
    said = stores.run([*command, "--validate", *rest])
    assert [x for x in said.splitlines() if "INFO" not in x] == []
    counts = {}
    if not old:
        counts = stores.jena_counts(stores.run([*command, "--count", *rest]))
        counts |= stores.jena_counts(stores.run([*command, "--syntax=jsonld10", "--count", *json]))
        assert len(counts) == len(files)
    whole(counts, home)


def test_rdf4j_reads_all_without_a_warning(files: list[Path], home: Path) -> None:
    command = stores.rdf4j()
    if not command:
        pytest.skip("RDF4J (librdf4j-java) is not installed")
    counts, complaints = stores.rdf4j_counts(stores.run([*command, *map(str, files)]))
    assert complaints == []
    assert len(counts) == len(files)
    whole(counts, home)


def test_raptor_reads_all_without_a_warning(files: list[Path]) -> None:
    if not shutil.which("rapper"):
        pytest.skip("Raptor (raptor2-utils) is not installed")
    some = [f for f in files if f.suffix in (".ttl", ".rdf", ".nt", ".nq")]
    assert some
    assert {f.name: said for f in some if (said := stores.run(["rapper", "-qcg", str(f)]))} == {}


def test_virtuoso_loads_all_into_the_same_graphs(
    files: list[Path], home: Path, tmp_path: Path
) -> None:
    if not shutil.which("virtuoso-t"):
        pytest.skip("Virtuoso (virtuoso-opensource-7) is not installed")
    folder = files[0].parent
    load = "; ".join(
        f"ld_dir('{folder}', '{name}', 'urn:of:{name}')"
        for name in ["all.trig", *(f.name for f in files if f.suffix in (".ttl", ".rdf"))]
    )
    with stores.virtuoso(tmp_path, folder) as isql:
        stores.run([*isql, f"exec={load}; rdf_loader_run();"])
        errors = stores.run([*isql, "exec=select ll_error, ll_state from DB.DBA.LOAD_LIST;"])
        listed = re.findall(r"^(\S.*?)\s+(\d)\s*$", errors, re.MULTILINE)
        assert len(listed) == load.count("ld_dir(")
        assert {(e.strip(), s) for e, s in listed} == {("NULL", "2")}
        manifest = read_manifest(home)
        assert manifest
        for part in manifest.parts:
            count = f"sparql select count(*) where {{ graph <{part.graph}> {{ ?s ?p ?o }} }}"
            assert f"\n{part.triples}\n" in stores.run([*isql, f"exec={count};"]), part.graph
