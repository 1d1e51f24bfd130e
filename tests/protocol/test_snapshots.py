"""A new snapshot is taken up while the server runs; a damaged one is not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pyoxigraph as ox
import pytest
from support.graphs import graphs, label
from support.serve import start
from support.snapshot import write_snapshot

from catchup.kg.engine import Engine, Limits, Request
from catchup.kg.engine.errors import StoreFailed
from catchup.kg.names import D

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
NAMED = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"


def number(engine: Engine, query: str) -> int:
    """Return the one number that a query gives."""
    rows = ox.parse_query_results(engine.query(query).body, format=ox.QueryResultsFormat.JSON)
    [row] = list(rows)  # type: ignore[arg-type]
    return int(row[0].value)


def union(content: dict[str, list[ox.Triple]]) -> int:
    """Return how many distinct triples the default graph should have."""
    return len({t for name, triples in content.items() if name != "curation" for t in triples})


def test_the_difference_of_two_snapshots_gives_the_second(tmp_path: Path) -> None:
    first = graphs()
    second = graphs()
    del second["fu2018"]  # shares three triples with `entities`
    second["entities"] = second["entities"][1:]  # `wei2018` still has the first
    second["case-x"] = [label(D + "x", "X"), *second["curation"]]
    second["ontology"] = [*second["ontology"], label(D + "more", "more")]
    manifest = write_snapshot(tmp_path, first)
    with Engine(manifest) as engine:
        before = engine.snapshot
        assert number(engine, COUNT) == union(first)
        write_snapshot(tmp_path, second)
        engine.reload()
        assert engine.snapshot != before
        changed = number(engine, COUNT), number(engine, NAMED)
    with Engine(manifest) as fresh:
        assert changed == (number(fresh, COUNT), number(fresh, NAMED))
    assert changed[0] == union(second)


def test_the_server_takes_up_a_new_snapshot_and_keeps_the_old_on_damage(tmp_path: Path) -> None:
    manifest = write_snapshot(tmp_path, graphs())
    served = start(manifest, watch=0.05)
    try:
        before = served.get("/health").json()["snapshot"]
        old = served.query(COUNT)
        write_snapshot(tmp_path, graphs() | {"case-x": [label(D + "new", "new")]})
        after = wait_for(lambda: served.get("/health").json()["snapshot"], before)
        new = served.query(COUNT, headers={"If-None-Match": old.headers["etag"]})
        assert new.status_code == 200 and new.text != old.text
        assert new.headers["etag"] != old.headers["etag"]
        manifest.write_text("{")
        newer = tmp_path / "manifest.json.x"
        newer.write_text('{"version": 1, "id": "x", "index": "", "counts": {}, "parts": [{"graph":'
                         ' "urn:x", "file": "parts/none.nq", "triples": 1, "kind": "case",'
                         ' "default": true}]}')  # fmt: skip
        newer.rename(manifest)
        for _ in range(5):
            assert served.query(COUNT).text == new.text
        assert served.get("/health").json()["snapshot"] == after
        write_snapshot(tmp_path, graphs())
        assert wait_for(lambda: served.get("/health").json()["snapshot"], after) == before
    finally:
        served.stop()


def wait_for(value: object, old: str) -> str:
    """Return the first value that is not the old one."""
    end = time.perf_counter() + 10
    while (now := value()) == old:  # type: ignore[operator]
        assert time.perf_counter() < end, "it never changed"
    return str(now)


def test_a_part_that_was_changed_is_found_out(tmp_path: Path) -> None:
    manifest = write_snapshot(tmp_path, {"entities": graphs()["entities"]})
    [part] = (tmp_path / "parts").iterdir()
    part.write_bytes(part.read_bytes().replace(b"Huawei", b"Huawey"))
    with pytest.raises(StoreFailed, match="damaged"):
        Engine(manifest)
    with pytest.raises(StoreFailed, match="no snapshot"):
        Engine(tmp_path / "nowhere" / "manifest.json")


def test_parameters_are_bound_as_terms(manifest: Path) -> None:
    query = "SELECT ?l WHERE { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l FILTER(?s = ?x) }"
    hostile = "x> } INSERT { <urn:a"
    with Engine(manifest, Limits(timeout=5)) as engine:
        for substitutions, rows in (
            ({"x": {"type": "uri", "value": D + "huawei"}}, 2),
            ({"x": {"type": "literal", "value": '" } DROP ALL #'}}, 0),
            ({"x": {"type": "literal", "value": "a\nb", "xml:lang": "en"}}, 0),
        ):
            answer = engine.query(Request(query, substitutions=substitutions))
            assert len(json.loads(answer.body)["results"]["bindings"]) == rows
        with pytest.raises(Exception, match="not an absolute IRI"):
            engine.query(Request(query, substitutions={"x": {"type": "uri", "value": hostile}}))
        grouped = "SELECT ?l (COUNT(*) AS ?n) WHERE { ?s ?p ?l } GROUP BY ?l"
        term = {"type": "literal", "value": "Huawei", "xml:lang": "en"}
        answer = engine.query(Request(grouped, substitutions={"l": term}))
        assert len(json.loads(answer.body)["results"]["bindings"]) == 1
