"""What the service says of itself, and the addresses of things."""

from __future__ import annotations

import io
from pathlib import Path

import pyoxigraph as ox
import pytest
from support.serve import Served, start

BASE = "https://w3id.org/catchup/"
SUFFIXES = {
    ".ttl": ("text/turtle", ox.RdfFormat.TURTLE),
    ".nt": ("application/n-triples", ox.RdfFormat.N_TRIPLES),
    ".jsonld": ("application/ld+json", ox.RdfFormat.JSON_LD),
    ".rdf": ("application/rdf+xml", ox.RdfFormat.RDF_XML),
}


def store(body: bytes) -> ox.Store:
    """Return Turtle as a store."""
    found = ox.Store()
    found.load(io.BytesIO(body), format=ox.RdfFormat.TURTLE)
    return found


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void"])
def test_the_description_has_what_editors_ask_for(endpoint: Served, path: str) -> None:
    """The queries of SIB's sparql-editor over the description."""
    response = endpoint.get(path, headers={"Accept": "text/turtle"})
    assert response.headers["content-type"].startswith("text/turtle")
    described = store(response.content)

    def rows(where: str) -> list[ox.QuerySolution]:
        prefixes = (
            "PREFIX void: <http://rdfs.org/ns/void#> PREFIX void-ext: <http://ldf.fi/void-ext#>"
            "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>"
            "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX dcat: <http://www.w3.org/ns/dcat#>"
        )
        return list(described.query(f"{prefixes} SELECT DISTINCT * WHERE {{ {where} }}"))  # type: ignore[arg-type]

    cu = BASE + "ontology/"
    found = {
        (row["c"].value, row["p"].value, row["o"].value)
        for row in rows(
            "?graph sd:graph ?d . ?cp void:class ?c ; void:propertyPartition ?pp . ?pp void:property"
            " ?p . { ?pp void:classPartition/void:class ?o } UNION"
            " { ?pp void-ext:datatypePartition/void-ext:datatype ?o }"
        )
    }
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    lang = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    assert (cu + "Firm", label, lang) in found
    assert rows(f'[] sh:prefix "cu" ; sh:namespace "{cu}"^^xsd:anyURI'.replace(
        "xsd:anyURI", "<http://www.w3.org/2001/XMLSchema#anyURI>"))  # fmt: skip
    [endpoint_row] = rows("?s a sd:Service ; sd:endpoint ?e ; sd:defaultDataset/sd:namedGraph ?g"
                          f" . ?g sd:name <{BASE}graph/curation>")  # fmt: skip
    assert endpoint_row["e"].value == endpoint.url + "/sparql"
    assert not rows("?s sd:feature sd:BasicFederatedQuery")
    assert rows("?d a dcat:Dataset, <https://schema.org/Dataset> ; void:triples ?n")
    limits = [r["c"].value for r in rows(
        "?s a sd:Service ; <http://www.w3.org/2000/01/rdf-schema#comment> ?c")]  # fmt: skip
    assert any("wall-clock" in text and "1.5 s" in text for text in limits)


def test_the_description_counts_the_default_graph(endpoint: Served) -> None:
    described = store(endpoint.get("/.well-known/void.ttl").content)
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    count = endpoint.query(query).json()["results"]["bindings"][0]["n"]["value"]
    dataset = ox.NamedNode(endpoint.url + "/.well-known/void#dataset")
    triples = ox.NamedNode("http://rdfs.org/ns/void#triples")
    [quad] = described.quads_for_pattern(dataset, triples, None, None)
    assert quad.object.value == count


def test_a_host_header_changes_nothing_we_say(endpoint: Served) -> None:
    response = endpoint.get("/sparql", headers={"Host": "evil.example", "Accept": "text/turtle"})
    assert "evil.example" not in response.text
    response = endpoint.get("/id/huawei", headers={"Host": "evil.example"})
    assert response.headers["location"].startswith(endpoint.url)


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", ".html"),
        ("text/turtle", ".ttl"),
        ("application/ld+json", ".jsonld"),
        ("application/rdf+xml;q=0.9, text/turtle;q=0.1", ".rdf"),
        ("*/*", ".ttl"),
    ],
)
def test_things_are_seen_elsewhere(endpoint: Served, accept: str, suffix: str) -> None:
    response = endpoint.get("/id/huawei", headers={"Accept": accept})
    assert response.status_code == 303
    assert response.headers["location"] == f"{endpoint.url}/id/huawei{suffix}"
    assert response.headers["vary"] == "Accept"
    assert f'<{BASE}id/huawei>; rel="describes"' in response.headers["link"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_documents_about_things(endpoint: Served, suffix: str) -> None:
    media_type, format_ = SUFFIXES[suffix]
    response = endpoint.get("/id/ev-1" + suffix)
    assert response.headers["content-type"].partition(";")[0] == media_type
    triples = {q.triple for q in ox.parse(response.content, format=format_)}
    text = {str(t) for t in triples}
    assert f"<{BASE}id/ev-1> <{BASE}ontology/actor> <{BASE}id/huawei>" in text
    # labels of what is mentioned, properties included
    rdfs = "<http://www.w3.org/2000/01/rdf-schema#label>"
    assert f'<{BASE}id/huawei> {rdfs} "Huawei"@en' in text
    assert f'<{BASE}ontology/actor> {rdfs} "actor"@en' in text
    assert 'rel="alternate"; type="text/html"' in response.headers["link"]


def test_pages_about_things_link_to_data(endpoint: Served) -> None:
    response = endpoint.get("/id/ev-1.html")
    assert response.headers["content-type"].startswith("text/html")
    assert "/id/ev-1.ttl" in response.text and "<b>&" not in response.text


def test_what_points_to_a_thing_is_told(endpoint: Served) -> None:
    assert "ev-1" in endpoint.get("/id/huawei.nt").text


@pytest.mark.parametrize(
    "path", ["/id/nobody", "/id/nobody.ttl", "/vocab/x y", "/ontology/%00", "/id/"]
)
def test_unknown_things(endpoint: Served, path: str) -> None:
    response = endpoint.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_terms_and_whole_documents(endpoint: Served) -> None:
    assert endpoint.get("/ontology/Firm").status_code == 303
    for path in ("/ontology/", "/ontology", "/ontology.ttl"):
        response = endpoint.get(path, headers={"Accept": "text/turtle"})
        assert "cu:Firm" in response.text
    assert "cuv:hostCountry" in endpoint.get("/vocab/", headers={"Accept": "text/turtle"}).text
    assert endpoint.get("/shapes/", headers={"Accept": "text/turtle"}).status_code == 200
    assert (
        "text/html"
        in endpoint.get("/ontology/", headers={"Accept": "text/html"}).headers["content-type"]
    )


def test_the_graph_store_is_read(endpoint: Served) -> None:
    response = endpoint.get("/graphs", params={"graph": BASE + "graph/entities"})
    assert len(store(response.content)) == 3
    head = endpoint.client.head(endpoint.url + "/graphs", params={"graph": BASE + "graph/entities"})
    assert head.headers["content-length"] == response.headers["content-length"]
    everything = endpoint.get("/graphs?default", headers={"Accept": "application/n-triples"})
    assert everything.text.count("\n") > 8000
    assert endpoint.get("/graphs", params={"graph": "urn:none"}).status_code == 404
    assert endpoint.get("/graphs").status_code == 400
    for method in ("PUT", "POST", "DELETE"):
        refused = endpoint.client.request(method, endpoint.url + "/graphs?default", content=b"")
        assert refused.status_code == 405


def test_health_ready_metrics_docs(endpoint: Served) -> None:
    health = endpoint.get("/health").json()
    assert health["status"] == "ok" and len(health["snapshot"]) == 64
    assert endpoint.get("/ready").json()["ready"] is True
    endpoint.query("ASK { <urn:secret-in-query> ?p ?o }")
    metrics = endpoint.get("/metrics").text
    assert 'catchup_queries_total{form="ASK",outcome="complete"}' in metrics
    assert "secret-in-query" not in metrics and "127.0.0.1" not in metrics
    docs = endpoint.get("/docs").text
    assert "src=" not in docs and "wall-clock" in docs
    paths = endpoint.get("/openapi.json").json()["paths"]
    assert "post" in paths["/sparql"] and "/health" in paths


def test_no_address_answers_with_something_else_than_a_problem(endpoint: Served) -> None:
    response = endpoint.get("/nothing/here")
    assert response.status_code == 404 and response.json()["remedy"]
    assert endpoint.client.delete(endpoint.url + "/health").status_code == 405


@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void", "/shapes/"])
def test_descriptions_are_compressed_and_asked_for_again(endpoint: Served, path: str) -> None:
    wanted = {"Accept": "text/turtle", "Accept-Encoding": "gzip"}
    packed = endpoint.get(path, headers=wanted)
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    plain = endpoint.get(path, headers=wanted | {"Accept-Encoding": "identity"})
    assert plain.text == packed.text and plain.headers["etag"] != packed.headers["etag"]
    again = endpoint.get(path, headers=wanted | {"If-None-Match": packed.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize(
    ("counted", "partition"),
    [
        ("SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c",
         "?d void:classPartition [ void:class ?c ; void:entities ?n ]"),
        ("SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?m) { ?s ?p ?o } GROUP BY ?p",
         "?d void:propertyPartition [ void:property ?p ; void:triples ?n ; void:distinctSubjects ?m ]"),
        ("SELECT ?c ?p (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o } GROUP BY ?c ?p",
         "[] void:class ?c ; void:propertyPartition [ void:property ?p ; void:triples ?n ]"),
        ("SELECT ?c ?p ?k (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o . ?o a ?k } GROUP BY ?c ?p ?k",
         "[] void:class ?c ; void:propertyPartition [ void:property ?p ; void:classPartition"
         " [ void:class ?k ; void:triples ?n ] ]"),
        ("SELECT ?c ?p ?k (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o FILTER(isLiteral(?o))"
         " BIND(DATATYPE(?o) AS ?k) } GROUP BY ?c ?p ?k",
         "[] void:class ?c ; void:propertyPartition [ void:property ?p ; ext:datatypePartition"
         " [ ext:datatype ?k ; void:triples ?n ] ]"),
        ("SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }", "?d void:classes ?n"),
        ("SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }", "?d void:properties ?n"),
    ],
    ids=["classes", "properties", "of a class", "links", "datatypes", "how many", "how many more"],
)  # fmt: skip
def test_partitions_count_what_queries_count(site: Served, counted: str, partition: str) -> None:
    """Each class and property is listed, once, with the number that a query finds."""
    described = store(site.get("/.well-known/void.ttl").content)
    result = site.query(counted).json()
    names = result["head"]["vars"]
    expected = {tuple(row[n]["value"] for n in names) for row in result["results"]["bindings"]}
    rows = list(
        described.query(  # type: ignore[arg-type]
            "PREFIX void: <http://rdfs.org/ns/void#> PREFIX ext: <http://ldf.fi/void-ext#>"
            f"SELECT {' '.join('?' + n for n in names)} {{ {partition} }}"
        )
    )
    assert len(rows) == len(expected) > 0
    assert {tuple(row[n].value for n in names) for row in rows} == expected  # type: ignore[union-attr]


def test_what_is_said_of_a_named_graph_is_kept(endpoint: Served) -> None:
    for suffix in (".ttl", ".nt", ".jsonld", ".html"):
        first = endpoint.get(f"/graph/curation{suffix}")
        assert first.status_code == 200 and "rel=" in first.headers["link"]
        again = endpoint.get(
            f"/graph/curation{suffix}", headers={"If-None-Match": first.headers["etag"]}
        )
        assert again.status_code == 304 and again.content == b""


def test_what_cannot_be_counted_is_left_out_and_said(manifest: Path) -> None:
    """Rows that a limit cut would make a false count."""
    served = start(manifest, limits={"rows": 4})
    try:
        body = served.get("/.well-known/void.ttl").content
        assert b"could not be counted within the limits" in body
        described = store(body)
        found = {
            row["p"].value.rpartition("#")[2]
            for row in described.query(  # type: ignore[union-attr]
                f"SELECT ?p {{ <{served.url}/.well-known/void#dataset-default> ?p ?o }}"
            )
        }
        # 8 properties are more than may be listed, 2 classes are not
        assert {"triples", "classes", "classPartition"} <= found
        assert not found & {"properties", "propertyPartition"}
    finally:
        served.stop()
