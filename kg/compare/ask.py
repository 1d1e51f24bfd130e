"""What a comparison asks of the graph: three queries that any engine can answer at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catchup.kg.catalogue import declared
from catchup.kg.compare.dimensions import DIMENSIONS
from catchup.kg.engine.model import Request

_CASES = """
  VALUES ?case { $cases }
  { VALUES ?role { cu:actor cu:hasLearner cu:withinFirm cu:ofCase cu:figureOf cu:characterises
      cu:stSubject cu:holdsOfNamed } ?s ?role ?case }
  UNION { ?unit cu:unitOf ?case . VALUES ?role { cu:actor cu:hasLearner cu:figureOf } ?s ?role ?unit }
"""

#: The queries by name; `$cases` stands for the IRIs of the cases.
QUERIES = {
    "facts": "SELECT DISTINCT ?case ?unit ?s ?p ?o ?kind WHERE {"
    + _CASES
    + """?claim cu:asserts ?s . VALUES ?p { $predicates } ?s ?p ?o .
  OPTIONAL { ?o cu:capabilityType ?kind } }""",
    "claims": "SELECT DISTINCT ?s ?claim ?number ?voice ?force ?rank WHERE {"
    + _CASES
    + """?claim cu:asserts ?s ; dcterms:identifier ?number ; cu:voice ?voice ; cu:rank ?rank .
  OPTIONAL { ?claim cu:force ?force } }""",
    "years": "SELECT DISTINCT ?s ?start ?end WHERE {"
    + _CASES
    + """?s cu:period ?period . OPTIONAL { ?period cu:startYear ?start }
  OPTIONAL { ?period cu:endYear ?end } }""",
}
#: Firms whose own doings the sources tell of, with how much: what can be compared.
CASES = """SELECT ?case (COUNT(DISTINCT ?s) AS ?n) WHERE {
  VALUES ?role { cu:actor cu:hasLearner cu:withinFirm cu:ofCase }
  ?s ?role ?case . ?case a cu:Firm . ?claim cu:asserts ?s
  FILTER NOT EXISTS { ?s a cu:ResearchActivity }
} GROUP BY ?case ORDER BY DESC(?n) ?case"""

_PREDICATES = sorted(
    {f"cu:{p}" for d in DIMENSIONS for p in (*d.properties, d.per) if p not in ("", "a")}
    | {"a", "cu:polarity", "cu:ofWhat", "cu:stPredicate", "cu:stObject", "cu:stValue"}
)


@dataclass(frozen=True, slots=True)
class Node:
    """An IRI, or the text of a literal."""

    value: str
    is_iri: bool


Row = dict[str, Node]


def requests(cases: Sequence[str]) -> dict[str, Request]:
    """Return what to ask about some cases (IRIs), by name."""
    listed = " ".join(f"<{iri}>" for iri in cases)
    predicates = " ".join("rdf:type" if p == "a" else p for p in _PREDICATES)
    return {
        name: _request(text.replace("$cases", listed).replace("$predicates", predicates))
        for name, text in QUERIES.items()
    }


def cases_request() -> Request:
    """Return what to ask to know which firms can be compared."""
    return _request(CASES)


def _request(text: str) -> Request:
    # The engine writes TSV 3.5 times as fast as JSON.
    return Request(declared(text), results="tsv")


_LITERAL = re.compile(r'"(.*)"(?:@[\w-]+|\^\^<[^>]*>)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r"}


def rows(body: bytes) -> list[Row]:
    """Return the rows of an answer in SPARQL TSV."""
    head, *lines = body.decode().split("\n")
    names = [name.removeprefix("?") for name in head.split("\t")]
    return [
        {n: _node(t) for n, t in zip(names, line.split("\t"), strict=True) if t}
        for line in lines
        if line
    ]


def _node(text: str) -> Node:
    if text.startswith("<"):
        return Node(text[1:-1], True)
    quoted = _LITERAL.fullmatch(text)
    if quoted is None:
        return Node(text, False)
    return Node(_ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), quoted[1]), False)


def rows_of(answers: Mapping[str, bytes]) -> dict[str, list[Row]]:
    """Return the rows of several answers."""
    return {name: rows(body) for name, body in answers.items()}
