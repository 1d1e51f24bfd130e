"""SPARQL 1.1 Protocol, query operation: what the W3C's protocol tests ask, and what they leave out."""

from __future__ import annotations

import gzip
from urllib.parse import urlencode

import httpx
import pyoxigraph as ox
import pytest
from support.serve import Served

ASK = "ASK { <https://w3id.org/catchup/id/huawei> ?p ?o }"
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
NAMED = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
G = "https://w3id.org/catchup/graph/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}


def count(response: httpx.Response) -> int:
    """Return the one number of a result."""
    assert response.status_code == 200, response.text
    [row] = response.json()["results"]["bindings"]
    return int(row["n"]["value"])


def assert_problem(response: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """Check that a response is a problem (RFC 9457) that tells no secrets."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = response.json()
    assert problem["status"] == status
    assert str(problem["type"]).endswith("/problems/" + kind)
    assert problem["title"] and problem["detail"]
    assert "Traceback" not in response.text and "/work/" not in response.text
    return problem


@pytest.mark.parametrize("method", ["GET", "POST", "QUERY"])
@pytest.mark.parametrize("direct", [False, True])
def test_every_way_to_send_a_query(endpoint: Served, method: str, direct: bool) -> None:
    url = endpoint.url + "/sparql"
    if method == "GET":
        response = endpoint.client.get(url, params={"query": ASK})
    else:
        content = ASK if direct else urlencode({"query": ASK})
        headers = DIRECT if direct else FORM
        response = endpoint.client.request(method, url, content=content, headers=headers)
    assert response.status_code == 200
    assert response.json()["boolean"] is True
    assert response.headers["content-type"] == "application/sparql-results+json"


def test_a_query_in_the_url_of_a_post_without_a_body(endpoint: Served) -> None:
    response = endpoint.client.post(endpoint.url + "/sparql", params={"query": ASK})
    assert response.json()["boolean"] is True


def test_charset_of_a_form_is_taken(endpoint: Served) -> None:
    query = "SELECT ?s WHERE { ?s ?p '华为'@zh-hans }"
    for type_ in ("application/x-www-form-urlencoded; charset=UTF-8", FORM["Content-Type"]):
        response = endpoint.client.post(
            endpoint.url + "/sparql",
            content=urlencode({"query": query}),
            headers={"Content-Type": type_},
        )
        assert len(response.json()["results"]["bindings"]) == 1


def test_a_form_is_decoded_once(endpoint: Served) -> None:
    query = "SELECT ('50%41 a+b' AS ?x) WHERE {}"
    response = endpoint.client.post(endpoint.url + "/sparql", data={"query": query})
    assert response.json()["results"]["bindings"][0]["x"]["value"] == "50%41 a+b"


def test_head_is_get_without_a_body(endpoint: Served) -> None:
    get = endpoint.get("/sparql", params={"query": ASK})
    head = endpoint.client.head(endpoint.url + "/sparql", params={"query": ASK})
    assert head.status_code == 200 and head.content == b""
    for name in ("content-type", "content-length", "etag", "vary"):
        assert head.headers[name] == get.headers[name]


def test_options_and_preflight(endpoint: Served) -> None:
    plain = endpoint.client.options(endpoint.url + "/sparql")
    assert plain.status_code == 204
    assert set(plain.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "QUERY", "OPTIONS"}
    preflight = endpoint.client.options(
        endpoint.url + "/sparql",
        headers={
            "Origin": "https://example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in preflight.headers


def test_cors_leaves_what_writes_alone(endpoint: Served) -> None:
    preflight = endpoint.client.options(
        endpoint.url + "/cases",
        headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in preflight.headers
    response = endpoint.client.post(endpoint.url + "/cases", headers={"Origin": "https://x.org"})
    assert "access-control-allow-origin" not in response.headers


def test_answers_can_be_read_across_origins(endpoint: Served) -> None:
    headers = endpoint.query(ASK, headers={"Origin": "https://example.org"}).headers
    assert headers["access-control-allow-origin"] == "*"
    exposed = headers["access-control-expose-headers"].lower()
    assert all(n in exposed for n in ("link", "retry-after", "catchup-truncated", "etag"))


# Datasets


def test_the_default_graph_is_a_union_with_each_triple_once(endpoint: Served) -> None:
    query = "SELECT (COUNT(*) AS ?n) WHERE { <https://w3id.org/catchup/id/huawei> ?p ?o }"
    assert count(endpoint.query(query)) == 3


@pytest.mark.parametrize("how", ["get", "form", "direct", "from"])
def test_several_default_graphs_are_merged_without_duplicates(endpoint: Served, how: str) -> None:
    graphs = [("default-graph-uri", G + "entities"), ("default-graph-uri", G + "fu2018")]
    url = endpoint.url + "/sparql"
    if how == "get":
        response = endpoint.client.get(url, params=[("query", COUNT), *graphs])
    elif how == "form":
        content = urlencode([("query", COUNT), *graphs])
        response = endpoint.client.post(url, content=content, headers=FORM)
    elif how == "direct":
        response = endpoint.client.post(url, params=graphs, content=COUNT, headers=DIRECT)
    else:
        froms = "".join(f" FROM <{graph}>" for _, graph in graphs)
        response = endpoint.query(COUNT.replace(" WHERE", froms + " WHERE"))
    assert count(response) == 6
    assert count(endpoint.query(NAMED.replace(" WHERE", f" FROM <{G}fu2018> WHERE"))) == 0


def test_from_with_prefixes_and_relative_iris(endpoint: Served) -> None:
    query = f"PREFIX g: <{G}> SELECT (COUNT(*) AS ?n) FROM g:entities FROM <graph/fu2018> {{ ?s ?p ?o }}"
    assert count(endpoint.query(query)) == 6


def test_the_datasets_in_the_request_replace_those_in_the_query(endpoint: Served) -> None:
    query = COUNT.replace(" WHERE", f" FROM <{G}wei2018> WHERE")
    response = endpoint.get("/sparql", params={"query": query, "default-graph-uri": G + "entities"})
    assert count(response) == 3


def test_named_graphs_of_the_request(endpoint: Served) -> None:
    parameters = {"query": NAMED, "named-graph-uri": G + "curation"}
    assert count(endpoint.get("/sparql", params=parameters)) == 1
    parameters["query"] = COUNT
    assert count(endpoint.get("/sparql", params=parameters)) == 0


def test_curation_is_outside_the_default_graph_and_within_reach(endpoint: Served) -> None:
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?s <https://w3id.org/catchup/ontology/relatesTo> ?o }"
    assert count(endpoint.query(query)) == 0
    assert count(endpoint.query(query.replace("{ ?s", "{ GRAPH ?g { ?s") + " }")) == 1


def test_an_unknown_graph_is_empty(endpoint: Served) -> None:
    parameters = {"query": COUNT, "default-graph-uri": "https://example.org/none"}
    assert count(endpoint.get("/sparql", params=parameters)) == 0


# What must be refused


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ([("query", ASK), ("query", ASK)], "bad-request"),
        ([("query", "")], "query-syntax"),
        ([("query", ASK), ("default-graph-uri", "not an iri")], "query"),
        ([("query", ASK), ("default-graph-uri", "")], "query"),
    ],
)
def test_bad_parameters(endpoint: Served, parameters: list[tuple[str, str]], kind: str) -> None:
    assert_problem(endpoint.get("/sparql", params=parameters), 400, kind)


def test_a_query_that_is_no_utf8(endpoint: Served) -> None:
    response = endpoint.client.get(endpoint.url + "/sparql?query=ASK%7B%FF%7D")
    assert_problem(response, 400, "bad-request")
    response = endpoint.client.post(endpoint.url + "/sparql", content=b"ASK{\xff}", headers=DIRECT)
    assert_problem(response, 400, "bad-request")
    headers = {"Content-Type": "application/sparql-query; charset=UTF-16"}
    response = endpoint.client.post(
        endpoint.url + "/sparql", content=ASK.encode("utf-16"), headers=headers
    )
    assert_problem(response, 415, "unsupported-media-type")


def test_a_byte_order_mark_is_no_part_of_a_query(endpoint: Served) -> None:
    """Some editors begin a file with one, and curl sends the file."""
    marked = "\ufeff" + ASK
    assert endpoint.query(marked).json()["boolean"] is True
    assert endpoint.get("/sparql", params={"query": marked}).json()["boolean"] is True


def test_a_compressed_body_is_refused(endpoint: Served) -> None:
    for coding, status in (("gzip", 415), ("x-own", 415), ("identity", 200)):
        content = gzip.compress(ASK.encode()) if coding == "gzip" else ASK.encode()
        response = endpoint.client.post(
            endpoint.url + "/sparql", content=content, headers=DIRECT | {"Content-Encoding": coding}
        )
        assert response.status_code == status
        if status == 415:
            assert_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize("path", ["/sparql/", "/compare/", "/search/"])
def test_a_last_slash_leads_to_us_whatever_the_host_says(endpoint: Served, path: str) -> None:
    response = endpoint.get(
        path, params={"query": ASK}, headers={"Host": "evil.example"}, follow_redirects=False
    )
    assert response.status_code == 308
    location = response.headers["location"]
    assert location.startswith(endpoint.url + path.rstrip("/") + "?query=")
    assert endpoint.get("/nothing/").status_code == 404


def test_syntax_errors_have_line_and_column(endpoint: Served) -> None:
    problem = assert_problem(endpoint.query("SELECT *\nWHERE { ?s ?p }"), 400, "query-syntax")
    assert (problem["line"], problem["column"]) == (2, 15)
    problem = assert_problem(endpoint.query("SELECT * { ?s cu:actor ?o }"), 400, "query-syntax")
    assert "PREFIX cu: <https://w3id.org/catchup/ontology/>" in str(problem["remedy"])


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("application/sparql-update", "CLEAR ALL"),
        ("application/x-www-form-urlencoded", "update=CLEAR+ALL"),
        ("application/sparql-query", "CLEAR ALL"),
        ("application/sparql-query", "PREFIX a: <urn:a> INSERT DATA { a:b a:c a:d }"),
        ("application/sparql-query", "LOAD <http://127.0.0.1:9/>"),
        ("application/x-www-form-urlencoded", "query=DELETE+WHERE+%7B%3Fs+%3Fp+%3Fo%7D"),
    ],
)
def test_updates_are_refused(endpoint: Served, type_: str, content: str) -> None:
    response = endpoint.client.post(
        endpoint.url + "/sparql", content=content, headers={"Content-Type": type_}
    )
    assert_problem(response, 403, "read-only")
    assert count(endpoint.query(COUNT)) > 8000


def test_update_by_get_is_refused(endpoint: Served) -> None:
    assert_problem(endpoint.get("/sparql", params={"update": "CLEAR ALL"}), 403, "read-only")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods(endpoint: Served, method: str) -> None:
    response = endpoint.client.request(method, endpoint.url + "/sparql")
    assert_problem(response, 405, "method-not-allowed")
    assert "QUERY" in response.headers["allow"]


@pytest.mark.parametrize("type_", ["text/plain", "application/json", "multipart/form-data", ""])
def test_other_bodies(endpoint: Served, type_: str) -> None:
    headers = {"Content-Type": type_} if type_ else {}
    response = endpoint.client.post(endpoint.url + "/sparql", content=ASK, headers=headers)
    assert_problem(response, 415, "unsupported-media-type")


def test_a_form_without_a_query(endpoint: Served) -> None:
    response = endpoint.client.post(endpoint.url + "/sparql", data={"other": "x"})
    assert_problem(response, 400, "bad-request")


def test_too_long_bodies_and_queries(endpoint: Served) -> None:
    response = endpoint.client.post(
        endpoint.url + "/sparql", content=b" " * 2_000_000, headers=DIRECT
    )
    assert_problem(response, 413, "too-large")
    response = endpoint.query(ASK + " " * 70_000)
    assert_problem(response, 400, "too-complex")


# Formats

SELECT = "SELECT ?p ?o WHERE { <https://w3id.org/catchup/id/ev-1> ?p ?o } ORDER BY ?p ?o"
CONSTRUCT = "CONSTRUCT WHERE { <https://w3id.org/catchup/id/ev-1> ?p ?o }"
RESULTS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
RDF = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}


@pytest.mark.parametrize("media_type", RESULTS)
def test_results_formats_read_back_the_same(endpoint: Served, media_type: str) -> None:
    response = endpoint.query(SELECT, accept=media_type)
    assert response.headers["content-type"].partition(";")[0] == media_type
    rows = [tuple(r) for r in ox.parse_query_results(response.content, format=RESULTS[media_type])]
    assert len(rows) == 3
    assert any("},{ and\nmore" in str(row[1].value) for row in rows)


def test_csv_is_exact(endpoint: Served) -> None:
    response = endpoint.query(SELECT, accept="text/csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text.startswith("p,o\r\n")
    assert '"Says ""so"", <b>&amp;</b> },{ and\nmore; =1+1"\r\n' in response.text


@pytest.mark.parametrize("media_type", RDF)
def test_rdf_formats_read_back_the_same(endpoint: Served, media_type: str) -> None:
    response = endpoint.query(CONSTRUCT, accept=media_type)
    assert response.headers["content-type"].partition(";")[0] == media_type
    triples = {quad.triple for quad in ox.parse(response.content, format=RDF[media_type])}
    expected = endpoint.query(CONSTRUCT, accept="application/n-triples").content
    assert triples == {q.triple for q in ox.parse(expected, format=ox.RdfFormat.N_TRIPLES)}
    assert len(triples) == 3


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", "application/sparql-results+xml"),
        ("text/*", "text/csv"),
        ("application/sparql-results+json;q=0, text/csv", "text/csv"),
        ("application/sparql-results+json;q=0, */*;q=0.1", "application/sparql-results+xml"),
        ("text/turtle, application/sparql-results+json;q=0.1", "application/sparql-results+json"),
        ("application/rdf+xml, application/sparql-results+xml", "application/sparql-results+xml"),
        # Fuseki's and RDF4J's clients
        ("application/sparql-results+json, application/sparql-results+xml;q=0.9,"
         "text/tab-separated-values;q=0.7, text/csv;q=0.5, application/json;q=0.2,"
         "application/xml;q=0.2, */*;q=0.1", "application/sparql-results+json"),
        ("application/sparql-results+xml;q=0.8, application/x-binary-rdf-results-table,"
         "application/sparql-results+json;q=0.8", "application/sparql-results+json"),
    ],
)  # fmt: skip
def test_negotiation(endpoint: Served, accept: str, expected: str) -> None:
    response = endpoint.query(SELECT, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == expected
    assert "Accept" in response.headers["vary"]


@pytest.mark.parametrize(
    "accept", ["image/png", "application/sparql-results+json;q=0", "text/turtle"]
)
def test_what_cannot_be_had_is_406(endpoint: Served, accept: str) -> None:
    assert_problem(endpoint.query(SELECT, accept=accept), 406, "not-acceptable")


@pytest.mark.parametrize("path", ["/sparql", "/graphs?default", "/.well-known/void", "/ontology/",
                                  "/id/huawei", "/.well-known/sparql-examples"])  # fmt: skip
def test_a_406_says_what_there_is(endpoint: Served, path: str) -> None:
    response = endpoint.get(path, headers={"Accept": "image/png, text/turtle;q=0"})
    remedy = str(assert_problem(response, 406, "not-acceptable")["remedy"])
    assert "text/turtle" in remedy and "application/ld+json" in remedy


@pytest.mark.parametrize(
    ("value", "select", "construct"),
    [
        ("csv", "text/csv", ""),
        ("tsv", "text/tab-separated-values", ""),
        ("json", "application/sparql-results+json", "application/ld+json"),
        ("xml", "application/sparql-results+xml", "application/rdf+xml"),
        ("ttl", "", "text/turtle"),
        ("ntriples", "", "application/n-triples"),
        ("application/ld+json", "", "application/ld+json"),
        ("html", "text/html", "text/html"),
        # clients have values of their own; the header decides then
        ("whatever", "text/csv", "text/turtle"),
    ],
)
@pytest.mark.parametrize("name", ["format", "output"])
def test_format_stands_in_for_accept(
    endpoint: Served, name: str, value: str, select: str, construct: str
) -> None:
    header = {"Accept": "text/csv, text/turtle;q=0.5"}
    for query, expected in ((SELECT, select), (CONSTRUCT, construct)):
        by_get = endpoint.get("/sparql", params={"query": query, name: value}, headers=header)
        form = {"query": query, name: value}
        by_post = endpoint.client.post(endpoint.url + "/sparql", data=form, headers=header)
        for response in (by_get, by_post):
            if expected:
                assert response.status_code == 200
                assert response.headers["content-type"].partition(";")[0] == expected
            else:
                assert response.status_code == 406


def test_format_at_other_addresses(endpoint: Served) -> None:
    response = endpoint.get("/graphs?default&format=nt")
    assert response.headers["content-type"] == "application/n-triples"
    described = endpoint.get("/sparql?format=jsonld")
    assert described.headers["content-type"] == "application/ld+json"


def test_browsers_get_pages(endpoint: Served) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for parameters in ({}, {"query": SELECT}, {"query": ASK}, {"query": CONSTRUCT}):
        response = endpoint.get("/sparql", params=parameters, headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "<b>" not in response.text
    bad = endpoint.get("/sparql", params={"query": "<script>"}, headers={"Accept": accept})
    assert bad.status_code == 400
    assert "text/html" in bad.headers["content-type"] and "<script>" not in bad.text


# Caching and compression


def test_etag_and_if_none_match(endpoint: Served) -> None:
    first = endpoint.query(SELECT)
    tag = first.headers["etag"]
    again = endpoint.query(SELECT, headers={"If-None-Match": f'"x", W/{tag}'})
    assert again.status_code == 304 and again.content == b""
    assert again.headers["etag"] == tag
    others = {
        endpoint.query(SELECT, accept="text/csv").headers["etag"],
        endpoint.query(SELECT + " ").headers["etag"],
        endpoint.get(
            "/sparql", params={"query": SELECT, "default-graph-uri": G + "fu2018"}
        ).headers["etag"],
    }
    assert len(others) == 3 and tag not in others


def test_what_changes_by_itself_is_not_cached(endpoint: Served) -> None:
    query = "SELECT (STRUUID() AS ?x) WHERE {}"
    answers = [endpoint.query(query) for _ in range(8)]
    assert len({a.text for a in answers}) == 8
    assert all(a.headers["cache-control"] == "no-store" for a in answers)
    assert all("etag" not in a.headers for a in answers)


def test_a_repeated_query_comes_from_the_cache(endpoint: Served) -> None:
    query = "SELECT ('cached' AS ?x) WHERE {}"
    first, second = endpoint.query(query), endpoint.query(query)
    assert first.content == second.content
    assert 'desc="miss"' in first.headers["server-timing"]
    assert all(
        f"{n};dur=" in first.headers["server-timing"] for n in ("queue", "engine", "serialise")
    )
    assert 'desc="hit"' in second.headers["server-timing"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip;q=0.9, zstd;q=0.1", "gzip"),
        ("zstd, gzip", "zstd"),
        ("br, gzip;q=0.1", "gzip"),
        ("gzip;q=0, *", "zstd"),
        ("*", "gzip"),
        ("x-gzip", "gzip"),
        ("*;q=0", None),
        ("gzip;q=0", None),
        ("br, deflate", None),
    ],
)
def test_codings_have_qualities_too(endpoint: Served, accepted: str, coding: str | None) -> None:
    query = "SELECT ?s ?o WHERE { ?s <https://w3id.org/catchup/ontology/next> ?o } LIMIT 400"
    response = endpoint.query(query, headers={"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == coding


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_large_answers_are_compressed(endpoint: Served, coding: str) -> None:
    query = "SELECT ?s ?o WHERE { ?s <https://w3id.org/catchup/ontology/next> ?o } LIMIT 500"
    plain = endpoint.query(query, headers={"Accept-Encoding": "identity"})
    packed = endpoint.query(query, headers={"Accept-Encoding": coding})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == coding
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    assert packed.json() == plain.json()
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"]
