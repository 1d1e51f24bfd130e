"""VoID's class and property partitions: what is counted, and how it is said."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import product
from typing import Any

import pyoxigraph as ox

from catchup.server.triples import VOID, VOID_EXT, Graph

_CLASSES = "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s a ?c } GROUP BY ?c"
_PROPERTIES = """SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?ns) (COUNT(DISTINCT ?o) AS ?no)
WHERE { ?s ?p ?o } GROUP BY ?p"""
# Things by their classes together, divided by blanks. Grouped by these, the triples of 1 million fall
# into a few thousand groups; counted class by class, one with seven classes at each end counts 49
# times, and the longest query took 7.0 s where this takes 3.9.
_KIND = "{ SELECT ?s (GROUP_CONCAT(STR(?c)) AS ?k) { ?s a ?c } GROUP BY ?s }"
_LITERALS = f"""SELECT ?k ?p ?d (COUNT(*) AS ?n)
WHERE {{ {_KIND} ?s ?p ?o BIND(DATATYPE(?o) AS ?d) }} GROUP BY ?k ?p ?d"""
_LINKS = f"""SELECT ?k ?p ?l (COUNT(*) AS ?n)
WHERE {{ {_KIND} ?s ?p ?o . {_KIND.replace("?s", "?o").replace("?k", "?l")} }} GROUP BY ?k ?p ?l"""
_TOTALS = """SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?ns) (COUNT(DISTINCT ?o) AS ?no)
WHERE { ?s ?p ?o }"""
#: What is counted, the longest first: it takes half of the time of all.
COUNTED = (_LINKS, _LITERALS, _PROPERTIES, _CLASSES, _TOTALS)

Rows = Iterable[tuple[Any, ...]]


def part_iri(url: str, *names: str) -> str:
    """Return the IRI of a partition: by its class and property, not by its place."""
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    return f"{url}/.well-known/void#part-{digest}"


def read(body: bytes) -> Rows:
    """Return the rows of a result in SPARQL JSON."""
    rows = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(rows, ox.QuerySolutions)
    return [tuple(row[name] for name in rows.variables) for row in rows]


def add_partitions(
    graph: Graph,
    url: str,
    default: str,
    dataset: str,
    links: Rows,
    literals: Rows,
    properties: Rows,
    classes: Rows,
    totals: Rows,
) -> None:
    """Add what was counted, the rows of COUNTED in their order, as VoID says it."""
    for total, subjects, objects in totals:
        graph.add(default, VOID + "triples", total)
        graph.add(dataset, VOID + "triples", total)
        graph.add(default, VOID + "distinctSubjects", subjects)
        graph.add(default, VOID + "distinctObjects", objects)
    classes, properties = list(classes), list(properties)
    graph.add(default, VOID + "classes", len(classes))
    graph.add(default, VOID + "properties", len(properties))
    for class_, entities in classes:
        part = part_iri(url, class_.value)
        graph.add(default, VOID + "classPartition", part)
        graph.add(part, VOID + "class", class_)
        graph.add(part, VOID + "entities", entities)
    for property_, triples, subjects, objects in properties:
        part = part_iri(url, "", property_.value)
        graph.add(default, VOID + "propertyPartition", part)
        graph.add(part, VOID + "property", property_)
        graph.add(part, VOID + "triples", triples)
        graph.add(part, VOID + "distinctSubjects", subjects)
        graph.add(part, VOID + "distinctObjects", objects)
    used: Counter[tuple[str, str]] = Counter()
    typed: Counter[tuple[str, str, str]] = Counter()
    for kind, property_, datatype, triples in literals:
        for class_ in kind.value.split():
            used[class_, property_.value] += int(triples.value)
            if datatype is not None:
                typed[class_, property_.value, datatype.value] += int(triples.value)
    linked: Counter[tuple[str, str, str]] = Counter()
    for kind, property_, other, triples in links:
        for class_, target in product(kind.value.split(), other.value.split()):
            linked[class_, property_.value, target] += int(triples.value)
    for (class_, property_), triples in used.items():
        part = part_iri(url, class_, property_)
        graph.add(part_iri(url, class_), VOID + "propertyPartition", part)
        graph.add(part, VOID + "property", property_)
        graph.add(part, VOID + "triples", triples)
    for counts, inner, name in (
        (linked, VOID + "classPartition", VOID + "class"),
        (typed, VOID_EXT + "datatypePartition", VOID_EXT + "datatype"),
    ):
        for (class_, property_, value), triples in counts.items():
            target = part_iri(url, class_, property_, value)
            graph.add(part_iri(url, class_, property_), inner, target)
            graph.add(target, name, value)
            graph.add(target, VOID + "triples", triples)
