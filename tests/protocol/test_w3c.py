"""The W3C's own tests of SPARQL 1.1, asked over HTTP: query evaluation, syntax and protocol.

They run from a checkout of github.com/w3c/rdf-tests that CATCHUP_RDF_TESTS names. All data are in
one snapshot, each file a named graph, so that one server answers every test: its dataset is given
by the protocol's parameters.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx
import pyoxigraph as ox
import pytest
from support.serve import Served, start
from support.snapshot import write_snapshot

FOLDERS = (
    "aggregates", "bind", "bindings", "cast", "construct", "csv-tsv-res", "exists", "functions",
    "grouping", "json-res", "negation", "project-expression", "property-path", "subquery",
    "syntax-query", "protocol",
)  # fmt: skip
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
BASE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"

READ_ONLY = "an update: refused here by design"
ENGINE = "the engine (pyoxigraph 0.5.13, used directly, gives the same): "
#: tests that are not passed, and why
SKIPPED: dict[str, str] = {
    BASE + folder + "/manifest#" + name: reason
    for folder, reason, names in (
        ("protocol", READ_ONLY,
         "update_dataset_default_graph update_dataset_default_graphs update_dataset_named_graphs"
         " update_dataset_full update_post_form update_post_direct update_base_uri"),
        ("aggregates", ENGINE + "GROUP_CONCAT of strings with languages is an error",
         "agg-groupconcat-04 agg-groupconcat-06"),
        ("aggregates", ENGINE + "GRAPH ?g around a group is evaluated once for all graphs",
         "agg-empty-group-count-graph"),
        ("bindings", ENGINE + "?g in VALUES inside GRAPH ?g is not joined", "graph"),
        ("negation", ENGINE + "MINUS inside GRAPH ?g sees ?g as shared", "graph-minus"),
        ("functions", ENGINE + "BNODE of one string is the same in every row", "bnode01"),
        ("property-path", ENGINE + "a path of length 0 from a constant that no triple has",
         "zero_or_more_set_start zero_or_more_set_end zero_or_one_set_start zero_or_one_set_end"),
        ("csv-tsv-res", ENGINE + "numbers in their canonical form, 1000000 for 1.0E6", "csv03"),
        ("syntax-query", ENGINE + "a function that nobody defines is refused when evaluated",
         "test_4"),
    )
    for name in names.split()
}  # fmt: skip
_SYNTAX = {
    ".rdf": ox.RdfFormat.RDF_XML, ".ttl": ox.RdfFormat.TURTLE, ".nt": ox.RdfFormat.N_TRIPLES,
}  # fmt: skip
_RESULTS = {
    ".srx": ox.QueryResultsFormat.XML, ".srj": ox.QueryResultsFormat.JSON,
    ".tsv": ox.QueryResultsFormat.TSV,
}  # fmt: skip


@dataclass(frozen=True)
class Manifest:
    """The manifest of one folder as triples."""

    folder: Path
    store: ox.Store

    def every(self, node: object, predicate: str) -> list[object]:
        """Return the objects of a property, in no order."""
        found = self.store.quads_for_pattern(node, ox.NamedNode(predicate), None)  # type: ignore[arg-type]
        return [q.object for q in found]

    def one(self, node: object, predicate: str) -> object:
        """Return the object of a property, None when there is none."""
        return next(iter(self.every(node, predicate)), None)

    def text(self, node: object, predicate: str) -> str:
        """Return the value of a property as text, "" when there is none."""
        return str(getattr(self.one(node, predicate), "value", ""))

    def items(self, head: object) -> Iterator[object]:
        """Yield the items of a list."""
        while head is not None and getattr(head, "value", "") != RDF + "nil":
            yield self.one(head, RDF + "first")
            head = self.one(head, RDF + "rest")


@dataclass(frozen=True)
class Case:
    """One test: its IRI, its kind, and the manifest that tells the rest."""

    iri: str
    kind: str
    manifest: Manifest


def checkout() -> Path | None:
    """Return the folder of the SPARQL 1.1 tests, None when there is no checkout."""
    place = os.environ.get("CATCHUP_RDF_TESTS", "")
    return Path(place) / "sparql" / "sparql11" if place else None


def cases() -> list[Case]:
    """Return the tests of the folders that bear on an endpoint for queries."""
    root, found = checkout(), []
    for name in FOLDERS if root else ():
        assert root is not None
        store = ox.Store()
        base = BASE + name + "/"
        store.load(path=root / name / "manifest.ttl", base_iri=base + "manifest.ttl")
        manifest = Manifest(root / name, store)
        [head] = store.quads_for_pattern(None, ox.NamedNode(MF + "entries"), None)
        for entry in manifest.items(head.object):
            kind = manifest.text(entry, RDF + "type").removeprefix(MF)
            assert isinstance(entry, ox.NamedNode)
            found.append(Case(entry.value, kind, manifest))
    return found


def data(case: Case) -> list[tuple[str, Path, str]]:
    """Return the graphs of a test: their IRI in our store, their file, their role."""
    manifest, action = case.manifest, case.manifest.one(ox.NamedNode(case.iri), MF + "action")
    graphs = []
    for role in ("data", "graphData"):
        for node in manifest.every(action, QT + role):
            iri = str(getattr(node, "value", ""))
            # a graph may be named otherwise than by its file
            file = manifest.text(node, QT + "graph") or iri
            iri = manifest.text(node, LABEL) or iri
            graphs.append((iri, manifest.folder / unquote(file.rpartition("/")[2]), role))
    for node in manifest.every(ox.NamedNode(case.iri), UT + "graphData"):
        file = manifest.text(node, UT + "graph").rpartition("/")[2]
        graphs.append((manifest.text(node, LABEL), manifest.folder / file, "protocol"))
    return graphs


CASES = cases()


@pytest.fixture(scope="module")
def w3c(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server that has the data of all tests."""
    graphs: dict[str, list[ox.Triple]] = {"urn:nothing": []}
    for case in CASES:
        for iri, file, _ in data(case):
            if iri not in graphs:
                parsed = ox.parse(path=file, format=_SYNTAX[file.suffix], base_iri=iri)
                graphs[iri] = [q.triple for q in parsed]
    served = start(write_snapshot(tmp_path_factory.mktemp("w3c"), graphs))
    yield served
    served.stop()


def ask(served: Served, case: Case, accept: str) -> httpx.Response:
    """Send the query of a test over its data."""
    action = case.manifest.one(ox.NamedNode(case.iri), MF + "action")
    query = case.manifest.text(action, QT + "query") or str(getattr(action, "value", ""))
    text = (case.manifest.folder / unquote(query.rpartition("/")[2])).read_text(encoding="utf-8")
    if "BASE" not in text:
        text = f"BASE <{query}> {text}"
    params: dict[str, list[str]] = {"query": [text]}
    if case.kind == "QueryEvaluationTest" or case.kind == "CSVResultFormatTest":
        roles = [(iri, role) for iri, _, role in data(case)]
        if not any(word in text for word in ("FROM", "from")):
            params["default-graph-uri"] = [i for i, role in roles if role == "data"] or [
                "urn:nothing"
            ]
            params["named-graph-uri"] = [i for i, role in roles if role == "graphData"]
    return served.client.post(served.url + "/sparql", data=params, headers={"Accept": accept})


def canonical(triples: list[ox.Triple]) -> set[str]:
    """Return a graph with its blank nodes named by their place in it.

    By way of a store, where numbers have one form: 2.0 is the value 2, whichever is written.
    """
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(q) for q in dataset}


def as_graph(results: ox.QuerySolutions) -> list[ox.Triple]:
    """Return solutions as a graph, so that blank nodes can be compared."""
    found = []
    for row in results:
        node = ox.BlankNode()
        found.append(ox.Triple(node, ox.NamedNode(RDF + "type"), ox.NamedNode(RS + "row")))
        for variable in results.variables:
            if row[variable] is not None:
                name = ox.NamedNode("urn:var:" + variable.value)
                found.append(ox.Triple(node, name, row[variable]))
    return found


def result_set(triples: list[ox.Triple]) -> list[ox.Triple] | bool:
    """Return a result that is written as RDF, as `as_graph` writes it; an ASK's as a boolean."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    manifest = Manifest(Path(), store)
    for quad in store.quads_for_pattern(None, ox.NamedNode(RS + "boolean"), None):
        return str(getattr(quad.object, "value", "")) == "true"
    found = []
    for quad in store.quads_for_pattern(None, ox.NamedNode(RS + "solution"), None):
        node = ox.BlankNode()
        found.append(ox.Triple(node, ox.NamedNode(RDF + "type"), ox.NamedNode(RS + "row")))
        for binding in manifest.every(quad.object, RS + "binding"):
            name = ox.NamedNode("urn:var:" + manifest.text(binding, RS + "variable"))
            value = manifest.one(binding, RS + "value")
            found.append(ox.Triple(node, name, value))  # type: ignore[arg-type]
    return found


needs_checkout = pytest.mark.skipif(
    not CASES, reason="CATCHUP_RDF_TESTS names no checkout of github.com/w3c/rdf-tests"
)


def of(*kinds: str) -> list[object]:
    """Return the tests of some kinds as parameters."""
    marks = {
        c.iri: [pytest.mark.skip(reason=SKIPPED[c.iri])] if c.iri in SKIPPED else [] for c in CASES
    }
    return [
        pytest.param(c, id=c.iri.removeprefix(BASE).replace("/manifest", ""), marks=marks[c.iri])
        for c in CASES
        if c.kind in kinds
    ]


@needs_checkout
@pytest.mark.parametrize("case", of("QueryEvaluationTest"))
def test_query_evaluation(w3c: Served, case: Case) -> None:
    result = case.manifest.text(ox.NamedNode(case.iri), MF + "result").rpartition("/")[2]
    file = case.manifest.folder / unquote(result)
    if file.suffix in _RESULTS:
        expected = ox.parse_query_results(path=file, format=_RESULTS[file.suffix])
        response = ask(w3c, case, "application/sparql-results+xml")
        assert response.status_code == 200, response.text
        found = ox.parse_query_results(response.content, format=ox.QueryResultsFormat.XML)
        if isinstance(expected, ox.QueryBoolean):
            assert isinstance(found, ox.QueryBoolean) and bool(found) == bool(expected)
            return
        assert isinstance(expected, ox.QuerySolutions) and isinstance(found, ox.QuerySolutions)
        assert {v.value for v in found.variables} == {v.value for v in expected.variables}
        assert canonical(as_graph(found)) == canonical(as_graph(expected))
        return
    parsed = ox.parse(path=file, format=_SYNTAX[file.suffix], base_iri=BASE + "x/")
    triples = [q.triple for q in parsed]
    told = result_set(triples) if any(t.predicate.value.startswith(RS) for t in triples) else None
    if told is None:
        response = ask(w3c, case, "application/n-triples")
        assert response.status_code == 200, response.text
        got = [q.triple for q in ox.parse(response.content, format=ox.RdfFormat.N_TRIPLES)]
        assert canonical(got) == canonical(triples)
        return
    response = ask(w3c, case, "application/sparql-results+xml")
    assert response.status_code == 200, response.text
    found = ox.parse_query_results(response.content, format=ox.QueryResultsFormat.XML)
    if isinstance(told, bool):
        assert isinstance(found, ox.QueryBoolean) and bool(found) == told
    else:
        assert isinstance(found, ox.QuerySolutions)
        assert canonical(as_graph(found)) == canonical(told)


@needs_checkout
@pytest.mark.parametrize("case", of("CSVResultFormatTest"))
def test_csv_results(w3c: Served, case: Case) -> None:
    result = case.manifest.text(ox.NamedNode(case.iri), MF + "result").rpartition("/")[2]
    expected = (case.manifest.folder / result).read_text(encoding="utf-8")
    response = ask(w3c, case, "text/csv")
    assert response.status_code == 200, response.text
    # SELECT * gives the columns in any order
    assert table(response.text) == table(expected)


def table(text: str) -> list[list[tuple[str, str]]]:
    """Return the rows of a CSV text, each by its columns' names, in one order."""
    head, *rows = csv.reader(io.StringIO(text))
    cells = [["_:" if cell.startswith("_:") else cell for cell in row] for row in rows]
    return sorted(sorted(zip(head, row, strict=True)) for row in cells)


@needs_checkout
@pytest.mark.parametrize("case", of("PositiveSyntaxTest11"))
def test_right_queries_are_answered(w3c: Served, case: Case) -> None:
    response = ask(w3c, case, "*/*")
    assert response.status_code == 200, response.text


@needs_checkout
@pytest.mark.parametrize("case", of("NegativeSyntaxTest11"))
def test_wrong_queries_are_refused(w3c: Served, case: Case) -> None:
    response = ask(w3c, case, "*/*")
    assert response.status_code == 400
    assert response.json()["type"].endswith("/problems/query-syntax"), response.text


@needs_checkout
@pytest.mark.parametrize("case", of("ProtocolTest"))
def test_protocol(w3c: Served, case: Case) -> None:
    manifest = case.manifest
    action = manifest.one(ox.NamedNode(case.iri), MF + "action")
    for request in manifest.items(manifest.one(action, HT + "requests")):
        headers = {
            manifest.text(h, HT + "fieldName"): manifest.text(h, HT + "fieldValue")
            for h in manifest.items(manifest.one(request, HT + "headers"))
        }
        body = manifest.one(request, HT + "body")
        encoding = manifest.text(body, CNT + "characterEncoding") or "utf-8"
        path = manifest.text(request, HT + "absolutePath").replace("/sparql/", "/sparql", 1)
        response = w3c.client.request(
            manifest.text(request, HT + "methodName"),
            w3c.url + path,
            content=manifest.text(body, CNT + "chars").encode(encoding),
            headers=headers,
        )
        told = manifest.one(request, HT + "resp")
        status = {str(s)[-4:-3] for s in manifest.every(told, MF + "expectedStatus")}
        assert str(response.status_code)[0] in status, response.text
        wanted = manifest.text(told, MF + "expectedBoolean")
        if wanted:
            assert response.json()["boolean"] is (wanted == "true")
        kind = manifest.text(told, MF + "expectedFormat")
        if kind in ("boolean", "tabular"):
            assert "sparql-results" in response.headers["content-type"]
        elif kind:
            assert response.headers["content-type"] == "text/turtle; charset=utf-8"
