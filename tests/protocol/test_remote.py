"""A store that is an endpoint elsewhere: `oxigraph serve` on loopback, asked by the same requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from support.graphs import graphs
from support.remote import oxigraph
from support.serve import Served, start

from catchup.kg.engine.errors import (
    EngineError,
    QuerySyntaxError,
    ServiceRefused,
    StoreFailed,
    TimeLimit,
    TooComplex,
    UpdateRefused,
)
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Request
from catchup.kg.engine.remote import RemoteStore
from catchup.kg.names import D

LABELS = f"SELECT ?l WHERE {{ <{D}huawei> <http://www.w3.org/2000/01/rdf-schema#label> ?l }}"
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Return the URL for queries of an endpoint with the triples of the small graphs."""
    triples = {t: None for some in graphs().values() for t in some}
    turtle = (ox.serialize(triples, format=ox.RdfFormat.TURTLE) or b"").decode()
    with oxigraph(turtle) as url:
        yield url


@pytest.fixture(scope="module")
def remote(elsewhere: str) -> Iterator[Served]:
    """Return a server of ours whose store is that endpoint."""
    served = start(Path("/nonexistent/manifest.json"), store=elsewhere, limits={"timeout": 1.5})
    yield served
    served.stop()


def test_answers_and_formats(elsewhere: str) -> None:
    store = RemoteStore(elsewhere)
    for format_, mark in (("json", b'"bindings"'), ("xml", b"<results>"), ("csv", b"Huawei\r\n")):
        answer = store.query(Request(LABELS, results=format_))
        assert mark in answer.body and answer.form == "SELECT" and answer.volatile
    bound = Request("SELECT ?l WHERE { ?s ?p ?l FILTER(?s = ?x) }",
                    substitutions={"x": {"type": "uri", "value": D + "ev-1"}})  # fmt: skip
    assert len(json.loads(store.query(bound).body)["results"]["bindings"]) == 3
    entity = store.query(Request(D + "huawei", kind="entity", rdf="ntriples"))
    assert b"Huawei" in entity.body and b"ev-1" in entity.body
    whole = store.query(Request("", kind="graph", rdf="ntriples"))
    assert whole.body.count(b" .\n") > 8000
    store.close()


def test_limits_are_ours(elsewhere: str) -> None:
    store = RemoteStore(elsewhere, Limits(timeout=1.0, bytes=10_000))
    for error, text in (
        (UpdateRefused, "CLEAR ALL"),
        (ServiceRefused, "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"),
        (QuerySyntaxError, "hello"),
        (EngineError, "SELECT ?s WHERE { ?s ?p }"),
        (TooComplex, "SELECT * WHERE { ?s ?p ?o }"),
        (TimeLimit, ENDLESS),
    ):
        with pytest.raises(error):
            store.query(text)
    assert b"Huawei" in store.query(LABELS).body
    store.close()


def test_an_endpoint_that_is_none() -> None:
    with pytest.raises(StoreFailed, match="not the URL"):
        RemoteStore("/etc/passwd")
    with pytest.raises(StoreFailed, match="did not answer"):
        RemoteStore("http://127.0.0.1:1/query").query(LABELS)


def test_the_service_on_top_of_it(remote: Served) -> None:
    response = remote.query(LABELS, accept="text/csv")
    assert response.status_code == 200 and "Huawei" in response.text
    assert response.headers["cache-control"] == "no-store" and "etag" not in response.headers
    assert remote.get("/sparql", params={"query": LABELS}).status_code == 200
    assert remote.query("CLEAR ALL").status_code == 403
    assert remote.query(ENDLESS).status_code == 504
    page = remote.get("/sparql", headers={"Accept": "text/turtle"})
    assert page.status_code == 200 and "sd:Service" in page.text
