"""The catalogue as an API: lists, typed parameters, formats, pages, and what is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from support.serve import Served

from catchup.kg.catalogue import catalogue
from catchup.kg.engine.model import Request
from catchup.kg.engine.sync import Engine
from catchup.kg.names import Q
from catchup.kg.parameters import bind
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import read_manifest

D = "https://w3id.org/catchup/id/"
PARTNERS = "/queries/partnerships"
FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "tsv": ox.QueryResultsFormat.TSV,
    "xml": ox.QueryResultsFormat.XML,
}


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV answer."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def listed(site: Served) -> list[dict[str, Any]]:
    """The list of questions."""
    response = site.get("/queries")
    assert response.headers["content-type"] == "application/json"
    found: list[dict[str, Any]] = response.json()
    return found


def test_the_list_has_every_question_with_what_it_takes(listed: list[dict[str, Any]]) -> None:
    assert [q["name"] for q in listed] == list(catalogue())
    for q in listed:
        assert q["question"] and q["identifier"].startswith("CQ-"), q["name"]
        assert q["links"]["page"].endswith("/queries/" + q["name"])
        for p in q["parameters"]:
            assert p["description"] and ":" in p["type"], (q["name"], p["name"])


def test_every_question_answers_the_same_in_two_processes(site: Served, home: Path) -> None:
    """Pages fit together only if an order leaves nothing to chance."""
    manifest = read_manifest(home)
    assert manifest is not None
    wrong = {}
    with Engine(home / "manifest.json") as engine, open_index(home / manifest.index) as index:
        for q in catalogue().values():
            form = "csv" if q.form in ("SELECT", "ASK") else "nt"
            first = site.get(f"/queries/{q.name}.{form}")
            if first.status_code != 200:
                wrong[q.name] = first.text
                continue
            request = Request(q.query, "query", "csv", "ntriples", substitutions=bind(q, {}, index))
            if engine.query(request).body != first.content:
                wrong[q.name] = "another order"
    assert not wrong


@pytest.mark.parametrize(
    "given",
    ["huawei", "Huawei", "华为", "d:huawei", D + "huawei", "hUAWEI ", "Q160120", "wd:Q160120"],
    ids=["local", "label", "chinese", "prefixed", "iri", "case", "wikidata", "wikidata-prefixed"],
)
def test_a_firm_may_be_named_in_any_way(site: Served, given: str) -> None:
    response = site.get(PARTNERS + ".csv", params={"firm": given})
    assert response.status_code == 200, response.text
    found = rows(response.text)
    assert {"Siemens", "IBM"} <= {r["partner"] for r in found}
    assert {r["firmLabel"] for r in found} == {"Huawei"}


def test_every_format_holds_the_same_rows(site: Served) -> None:
    table = rows(site.get(PARTNERS + ".csv?firm=zte").text)
    assert table
    for suffix, format_ in FORMATS.items():
        body = site.get(f"{PARTNERS}.{suffix}?firm=zte").content
        parsed = ox.parse_query_results(body, format=format_)
        assert isinstance(parsed, ox.QuerySolutions)
        assert [s["claim"].value for s in parsed] == [r["claim"] for r in table]  # type: ignore[union-attr]


def test_accept_chooses_the_format(site: Served) -> None:
    for accept, expected in (
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("*/*", "application/sparql-results+json"),
        ("text/html,*/*;q=0.1", "text/html; charset=utf-8"),
        ("text/turtle", "text/turtle; charset=utf-8"),
    ):
        response = site.get(PARTNERS, headers={"Accept": accept})
        assert response.status_code == 200, (accept, response.text)
        assert response.headers["content-type"] == expected
    assert site.get(PARTNERS, headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("suffix", ["csv", "json", "tsv", "xml"])
def test_pages_make_up_the_whole_and_name_their_snapshot(site: Served, suffix: str) -> None:
    whole = rows(site.get("/queries/mini-cases.csv").text)
    url = f"{site.url}/queries/mini-cases.{suffix}?limit=4"
    sizes = []
    while url:
        response = site.client.get(url)
        assert response.headers["catchup-rows"] == str(len(whole))
        if suffix == "csv":
            sizes.append(len(rows(response.text)))
        else:
            parsed = ox.parse_query_results(response.content, format=FORMATS[suffix])
            assert isinstance(parsed, ox.QuerySolutions)
            sizes.append(len(list(parsed)))
        follow = response.links.get("next", {}).get("url", "")
        assert not follow or "snapshot=" in follow
        url = follow
    assert sum(sizes) == len(whole) and set(sizes[:-1]) == {4}


def test_a_page_of_another_snapshot_is_refused(site: Served) -> None:
    response = site.get("/queries/mini-cases.csv?limit=4&offset=4&snapshot=0123456789abcdef")
    assert response.status_code == 410
    assert response.json()["remedy"]


def test_pages_and_whole_answers_are_not_sent_twice(site: Served) -> None:
    for path in ("/queries/mini-cases.csv", "/queries/mini-cases.csv?limit=3"):
        tag = site.get(path).headers["etag"]
        again = site.get(path, headers={"If-None-Match": tag})
        assert again.status_code == 304 and not again.content
    assert 'cache;desc="hit"' in site.get("/queries/mini-cases.csv").headers["server-timing"]


@pytest.mark.parametrize(
    ("path", "status", "kind", "says"),
    [
        ("/queries/partnership.csv", 404, "not-found", "partnerships"),
        (PARTNERS + ".csv?firm=huawey", 404, "not-found", "huawei"),
        (PARTNERS + ".csv?firm=learning", 404, "not-found", "firm"),
        (PARTNERS + ".csv?frim=huawei", 422, "input", "firm"),
        (PARTNERS + ".csv?firm=huawei&firm=zte", 400, "bad-request", "twice"),
        (PARTNERS + ".csv?limit=ten", 422, "input", "limit"),
        (PARTNERS + ".csv?limit=0", 422, "input", "limit"),
        (PARTNERS + ".csv?offset=-1", 422, "input", "offset"),
        (PARTNERS + ".pdf", 404, "not-found", ".csv"),
        (PARTNERS + ".csv?firm=" + "x" * 3000, 404, "not-found", "firm"),
        (PARTNERS + ".csv?firm=%FF", 400, "bad-request", "UTF-8"),
        (PARTNERS + '.csv?firm="}%20UNION%20{?s%20?p%20?o}', 404, "not-found", "no"),
    ],
)
def test_what_is_wrong_is_said(site: Served, path: str, status: int, kind: str, says: str) -> None:
    response = site.get(path)
    assert response.status_code == status, response.text
    problem = response.json()
    assert problem["type"].endswith("/problems/" + kind)
    assert says in response.text
    assert site.client.post(site.url + path).status_code in (404, 405)


def test_a_question_dereferences_to_its_description(site: Served) -> None:
    response = site.get("/queries/partnerships.ttl")
    store = ox.Store()
    store.load(response.content, format=ox.RdfFormat.TURTLE)
    select = ox.NamedNode("http://www.w3.org/ns/shacl#select")
    [quad] = store.quads_for_pattern(ox.NamedNode(Q + "partnerships"), select, None, None)
    assert isinstance(quad.object, ox.Literal) and "SELECT" in quad.object.value
    assert site.get("/queries/prefixes.ttl").status_code == 200


def test_the_queries_are_there_as_sparql_examples(site: Served) -> None:
    response = site.get("/.well-known/sparql-examples", headers={"Accept": "text/turtle"})
    store = ox.Store()
    store.load(response.content, format=ox.RdfFormat.TURTLE)
    kind = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    executable = ox.NamedNode("http://www.w3.org/ns/shacl#SPARQLExecutable")
    found = {str(q.subject.value) for q in store.quads_for_pattern(None, kind, executable, None)}  # type: ignore[union-attr]
    assert found == {Q + name for name in catalogue()}


def test_openapi_lists_every_question_with_an_example(site: Served) -> None:
    items = site.get("/openapi.json").json()["paths"]
    for q in catalogue().values():
        operation = items[f"/queries/{q.name}.{{format}}"]["get"]
        named = {p["name"]: p for p in operation["parameters"]}
        assert named["format"]["example"]
        for p in q.parameters:
            assert named[p.name]["description"]
            assert p.default is None or named[p.name]["example"]


def test_search_as_json(site: Served) -> None:
    found = site.get("/search.json", params={"q": "huawey", "type": "Firm", "lang": "zh"}).json()
    assert found["results"][0]["name"] == "d:huawei"
    assert found["results"][0]["label"] == "华为"
    assert site.get("/search.json?q=learning&limit=3").json()["more"] is True
    assert site.get("/search.json?q=zzzzqqqq").json()["results"] == []
    assert site.get("/search.json").status_code == 400
    assert site.get("/search.json?q=x&limit=100000").status_code == 422
    assert site.get("/search.json?q=x&type=Frim").status_code == 404
