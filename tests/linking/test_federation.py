"""Federation both ways, between real servers: others ask ours, ours asks those on its list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import rdflib
from linking.conftest import Run
from support.remote import oxigraph
from support.serve import Served, start

from catchup.kg.catalogue import federated

WIKIDATA = "https://query.wikidata.org/sparql"
Bad = tuple[str, list[tuple[str, dict[str, str], bytes]]]
JOIN = """PREFIX cu: <https://w3id.org/catchup/ontology/>
PREFIX schema: <https://schema.org/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX pr: <http://www.wikidata.org/prop/reference/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
INCEPTION = (
    JOIN
    + """SELECT ?name (YEAR(?since) AS ?year) WHERE {
  ?firm a cu:Firm ; cu:homeCountry ?home ; rdfs:label ?name ; schema:sameAs ?item .
  FILTER(LANG(?name) = "en" && YEAR(?since) < 2000)
  FILTER(STRSTARTS(STR(?item), "http://www.wikidata.org/entity/"))
  SERVICE <https://query.wikidata.org/sparql> { ?item wdt:P571 ?since }
}"""
)


@pytest.fixture(scope="module")
def allowed(home: Path, wikidata: str, bad: Bad) -> Iterator[Served]:
    """Return a server of ours that may ask the endpoint, and one that is bad."""
    services = (
        f"{WIKIDATA}={wikidata} http://bad.example/html={bad[0]}/html"
        " http://dead.example/=http://127.0.0.1:9/"
    )
    served = start(home / "manifest.json", home=str(home), services=services)
    yield served
    served.stop()


def rows(response: httpx.Response) -> list[dict[str, str]]:
    """Return the solutions of an answer."""
    assert response.status_code == 200, response.text
    content: Any = response.json()
    return [{k: v["value"] for k, v in row.items()} for row in content["results"]["bindings"]]


def test_oxigraph_asks_ours_by_service(site: Served) -> None:
    query = f"""SELECT ?name WHERE {{
      <urn:x> <urn:firm> ?firm
      SERVICE <{site.url}/sparql> {{
        ?firm <http://www.w3.org/2000/01/rdf-schema#label> ?name FILTER(LANG(?name) = "en") }} }}"""
    with oxigraph("<urn:x> <urn:firm> <https://w3id.org/catchup/id/huawei> .") as url:
        answer = httpx.post(url, data={"query": query}, trust_env=False,
                            headers={"Accept": "application/sparql-results+json"})  # fmt: skip
        assert rows(answer) == [{"name": "Huawei"}]


def test_rdflib_asks_ours_by_service(site: Served) -> None:
    graph = rdflib.Graph()
    graph.add((rdflib.URIRef("urn:x"), rdflib.URIRef("urn:firm"),
               rdflib.URIRef("https://w3id.org/catchup/id/zte")))  # fmt: skip
    found = graph.query(f"""SELECT ?firm ?name WHERE {{ <urn:x> <urn:firm> ?firm
      SERVICE <{site.url}/sparql> {{
        ?firm <http://www.w3.org/2000/01/rdf-schema#label> ?name FILTER(LANG(?name) = "en") }} }}""")
    assert [str(row[1]) for row in found] == ["ZTE"]  # type: ignore[index]


def test_ours_joins_sourced_claims_with_facts_elsewhere(allowed: Served) -> None:
    answer = allowed.query(INCEPTION, "application/sparql-results+json")
    assert rows(answer) == [{"name": "Huawei", "year": "1987"}]
    assert "ETag" not in answer.headers


def test_statement_nodes_and_references_are_reached(allowed: Served) -> None:
    answer = allowed.query(JOIN + """SELECT ?since ?reference WHERE {
      <https://w3id.org/catchup/id/huawei> schema:sameAs ?item
      SERVICE <https://query.wikidata.org/sparql> {
        ?item p:P571 ?statement . ?statement ps:P571 ?since ; prov:wasDerivedFrom/pr:P854 ?reference }
    }""", "application/sparql-results+json")  # fmt: skip
    found = rows(answer)
    assert len(found) == 1
    assert found[0]["reference"] == "https://www.huawei.com/en/corporate-information"


def test_optional_service_keeps_firms_without_facts(allowed: Served) -> None:
    found = rows(allowed.query(JOIN + """SELECT ?firm ?since WHERE {
      VALUES ?firm { <https://w3id.org/catchup/id/huawei> <https://w3id.org/catchup/id/xiaomi> }
      ?firm schema:sameAs ?item FILTER(STRSTARTS(STR(?item), "http://www.wikidata.org/"))
      OPTIONAL { SERVICE <https://query.wikidata.org/sparql> { ?item wdt:P571 ?since } }
    } ORDER BY ?firm""", "application/sparql-results+json"))  # fmt: skip
    assert [("since" in row) for row in found] == [True, False]


def test_two_clauses_and_aggregation(allowed: Served) -> None:
    found = rows(allowed.query(JOIN + """SELECT ?land (COUNT(DISTINCT ?firm) AS ?firms) WHERE {
      ?firm a cu:Firm ; schema:sameAs ?item
      SERVICE <https://query.wikidata.org/sparql> { ?item wdt:P17 ?country }
      SERVICE <https://query.wikidata.org/sparql> { ?country rdfs:label ?land
        FILTER(LANG(?land) = "en") }
    } GROUP BY ?land ORDER BY DESC(?firms)""", "application/sparql-results+json"))  # fmt: skip
    assert found[0] == {"land": "People's Republic of China", "firms": "2"}


HUAWEI, ZTE = "1987-01-01T00:00:00Z", "2019-01-01T00:00:00Z"
# other items of the test data have dates at the precision of a decade and of a century
BEGAN = "SERVICE <https://query.wikidata.org/sparql> { ?item wdt:P571 ?v FILTER(YEAR(?v) < 2020) }"
PLACES = {
    "union": (f"""SELECT ?v {{ {{ d:huawei cu:homeCountry ?v }} UNION
        {{ d:huawei schema:sameAs ?item {BEGAN} }} }}""", [HUAWEI, "https://w3id.org/catchup/id/cn"]),
    "both arms": (f"""SELECT ?v {{ d:huawei schema:sameAs ?item {{ {BEGAN} }} UNION
        {{ SERVICE <{WIKIDATA}> {{ ?item wdt:P17 ?v }} }} }}""",
        [HUAWEI, "http://www.wikidata.org/entity/Q148"]),
    "sub-select": (f"""SELECT ?v {{ ?firm schema:sameAs ?item
        {{ SELECT ?item (MIN(?d) AS ?v) {{
          SERVICE <{WIKIDATA}> {{ ?item wdt:P571 ?d FILTER(YEAR(?d) < 2020) }} }}
        GROUP BY ?item }} }}""", [HUAWEI, ZTE]),
    "after a sub-select": (f"SELECT ?v {{ {{ SELECT ?item {{ d:zte schema:sameAs ?item }} }} {BEGAN} }}",
        [ZTE]),
    "optional": (f"""SELECT ?v {{ VALUES ?f {{ d:zte d:xiaomi }}
        OPTIONAL {{ ?f schema:sameAs ?item {BEGAN} }} }}""", ["", ZTE]),
    "values": (f"SELECT ?v {{ VALUES ?item {{ wd:Q160120 wd:Q136484 wd:Q1 }} {BEGAN} }}", [HUAWEI, ZTE]),
    "values behind": (f"SELECT ?v {{ {BEGAN} }} VALUES ?item {{ wd:Q160120 }}", [HUAWEI]),
    "bind": (f"""SELECT ?v {{ BIND(IRI(CONCAT(STR(wd:), "Q160120")) AS ?item) {BEGAN} }}""", [HUAWEI]),
    "graph": (f"SELECT ?v {{ GRAPH ?g {{ d:zte schema:sameAs ?item }} {BEGAN} }}", [ZTE]),
    "braces in texts": (f"""SELECT ?v {{ BIND("}}" AS ?b) d:zte schema:sameAs ?item {BEGAN} }}""", [ZTE]),
    "silent": (f"""SELECT ?v {{ d:zte schema:sameAs ?item {BEGAN}
        SERVICE SILENT <http://dead.example/> {{ ?item ?p ?o }} }}""", [ZTE]),
}  # fmt: skip


@pytest.mark.parametrize("where", PLACES)
def test_a_clause_is_answered_wherever_it_stands(allowed: Served, where: str) -> None:
    query, expected = PLACES[where]
    prefixes = JOIN + "PREFIX d: <https://w3id.org/catchup/id/>\n"
    prefixes += "PREFIX wd: <http://www.wikidata.org/entity/>\n"
    found = rows(allowed.query(prefixes + query, "application/sparql-results+json"))
    assert sorted(row.get("v", "") for row in found) == expected


def test_a_large_answer_is_taken_to_the_limit_and_refused_beyond(home: Path) -> None:
    lines = "".join(f"<urn:n> <urn:p> {n} ." for n in range(10_001))
    with oxigraph(lines) as url:
        served = start(
            home / "manifest.json", home=str(home), services=f"http://big.example/={url}"
        )
        try:
            count = "SELECT (COUNT(?o) AS ?n) { SERVICE <http://big.example/> { <urn:n> <urn:p> ?o %s } }"
            json_ = "application/sparql-results+json"
            fits = rows(served.query(count % "FILTER(?o < 10000)", json_))
            assert fits == [{"n": "10000"}]
            refused = served.query(count % "", json_)
            assert 400 <= refused.status_code < 500
            assert "<http://big.example/> gave 10,001 solutions" in refused.json()["detail"]
        finally:
            served.stop()


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("SELECT * { ?s ?p ?o SERVICE <https://example.org/sparql> { ?s ?q ?x } }", 403, "list"),
        ("SELECT * { ?s ?p ?o SERVICE ?o { ?s ?q ?x } }", 403, "variable"),
        ("SELECT * { ?s ?p ?o SERVICE SILENT <http://169.254.169.254/> { ?s ?q ?x } }", 403, "list"),
        ("SELECT * { GRAPH ?g { ?s ?p ?o SERVICE <https://query.wikidata.org/sparql> { ?s ?q ?x } } }",
         403, "GRAPH"),
        ("SELECT * { ?s ?p ?o SERVICE <https://query.wikidata.org/sparql> { ?s ?q ?x } }", 400,
         "are sent"),
        ("SELECT * { SERVICE <http://bad.example/html> { ?s ?p ?o } }", 502, "text/html"),
        ("SELECT * { SERVICE <http://dead.example/> { ?s ?p ?o } }", 502,
         "<http://dead.example/> cannot be reached"),
        ("SELECT * { SERVICE <https://query.wikidata.org/sparql> { ?s ?p ?o"
         " SERVICE <http://elsewhere.example/> { ?o ?q ?x } } }", 403, "SERVICE inside SERVICE"),
    ],
)  # fmt: skip
def test_what_may_not_be_asked_or_fails_is_said(
    allowed: Served, query: str, status: int, said: str
) -> None:
    answer = allowed.query(query)
    assert answer.status_code in (status, 413, 422) if status == 400 else (
        answer.status_code == status
    ), answer.text  # fmt: skip
    assert said in answer.json()["detail"] + answer.json().get("remedy", "")


def test_silent_failure_is_one_empty_solution(allowed: Served) -> None:
    found = rows(allowed.query(
        "SELECT * { VALUES ?x { 1 } SERVICE SILENT <http://bad.example/html> { ?x ?p ?o } }",
        "application/sparql-results+json"))  # fmt: skip
    assert found == [{"x": "1"}]


def test_without_a_list_nothing_is_asked(site: Served) -> None:
    answer = site.query(INCEPTION)
    assert answer.status_code == 403
    assert answer.json()["line"] == 13


def test_the_command_line_asks_as_the_server_does(link: Run, wikidata: str) -> None:
    done = link("-e", INCEPTION, "--format", "json", command="query",
                env={"CATCHUP_SERVICES": f"{WIKIDATA}={wikidata}"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["bindings"][0]["name"]["value"] == "Huawei"


@pytest.mark.parametrize("name", list(federated()))
def test_the_federated_questions_answer(allowed: Served, site: Served, name: str) -> None:
    found = rows(allowed.query(federated()[name].query, "application/sparql-results+json"))
    assert any(row["name"] == "Huawei" for row in found), found
    if name == "wikidata-countries":
        assert {row["name"]: row["same"] for row in found} == {
            "Haier": "false", "Huawei": "true", "ZTE": "true"
        }  # fmt: skip
    assert site.query(federated()[name].query).status_code == 403


def test_the_description_says_whether_others_are_asked(allowed: Served, site: Served) -> None:
    feature = "service-description#BasicFederatedQuery"
    ntriples = {"Accept": "application/n-triples"}
    assert feature in allowed.get("/sparql", headers=ntriples).text
    assert feature not in site.get("/sparql", headers=ntriples).text
