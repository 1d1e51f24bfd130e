"""VoID's class and property partitions: what is counted, and how it is said."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
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
Rows = list[tuple[Any, ...]]


def read(body: bytes) -> Rows:
    """Return the rows of a result in SPARQL JSON."""
    rows = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(rows, ox.QuerySolutions)
    return [tuple(row[name] for name in rows.variables) for row in rows]


def part_iri(url: str, *names: str) -> str:
    """Return the IRI of a partition: by its class and property, not by its place."""
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    return f"{url}/.well-known/void#part-{digest}"


class Partitions:
    """Says in a graph what was counted of the default graph, as VoID does."""

    def __init__(self, graph: Graph, url: str, dataset: str, default: str) -> None:
        self._graph = graph
        self._url = url
        self._dataset = dataset
        self._default = default

    def _part(self, *names: str) -> str:
        return part_iri(self._url, *names)

    def totals(self, rows: Rows) -> None:
        """Add how much there is."""
        for total, subjects, objects in rows:
            self._graph.add(self._dataset, VOID + "triples", total)
            self._graph.add(self._default, VOID + "triples", total)
            self._graph.add(self._default, VOID + "distinctSubjects", subjects)
            self._graph.add(self._default, VOID + "distinctObjects", objects)

    def classes(self, rows: Rows) -> None:
        """Add how many things of each class there are."""
        self._graph.add(self._default, VOID + "classes", len(rows))
        for class_, entities in rows:
            part = self._part(class_.value)
            self._graph.add(self._default, VOID + "classPartition", part)
            self._graph.add(part, VOID + "class", class_)
            self._graph.add(part, VOID + "entities", entities)

    def properties(self, rows: Rows) -> None:
        """Add how often each property is used."""
        self._graph.add(self._default, VOID + "properties", len(rows))
        for property_, triples, subjects, objects in rows:
            part = self._part("", property_.value)
            self._graph.add(self._default, VOID + "propertyPartition", part)
            self._graph.add(part, VOID + "property", property_)
            self._graph.add(part, VOID + "triples", triples)
            self._graph.add(part, VOID + "distinctSubjects", subjects)
            self._graph.add(part, VOID + "distinctObjects", objects)

    def literals(self, rows: Rows) -> None:
        """Add which properties the things of a class have, and with which datatypes."""
        used: Counter[tuple[str, str]] = Counter()
        typed: Counter[tuple[str, str, str]] = Counter()
        for kind, property_, datatype, triples in rows:
            for class_ in kind.value.split():
                used[class_, property_.value] += int(triples.value)
                if datatype is not None:
                    typed[class_, property_.value, datatype.value] += int(triples.value)
        for (class_, property_), number in used.items():
            part = self._part(class_, property_)
            self._graph.add(self._part(class_), VOID + "class", class_)
            self._graph.add(self._part(class_), VOID + "propertyPartition", part)
            self._graph.add(part, VOID + "property", property_)
            self._graph.add(part, VOID + "triples", number)
        self._inner(typed, VOID_EXT + "datatypePartition", VOID_EXT + "datatype")

    def links(self, rows: Rows) -> None:
        """Add things of which class the properties of a class lead to."""
        linked: Counter[tuple[str, str, str]] = Counter()
        for kind, property_, other, triples in rows:
            for class_, target in product(kind.value.split(), other.value.split()):
                linked[class_, property_.value, target] += int(triples.value)
        self._inner(linked, VOID + "classPartition", VOID + "class")

    def _inner(self, counts: Counter[tuple[str, str, str]], inner: str, name: str) -> None:
        for (class_, property_, value), triples in counts.items():
            part = self._part(class_, property_, value)
            self._graph.add(self._part(class_, property_), inner, part)
            self._graph.add(part, name, value)
            self._graph.add(part, VOID + "triples", triples)


#: What is counted and how it is added, the longest first: it takes half of the time of all.
COUNTED: tuple[tuple[str, Callable[[Partitions, Rows], None]], ...] = (
    (_LINKS, Partitions.links),
    (_LITERALS, Partitions.literals),
    (_PROPERTIES, Partitions.properties),
    (_CLASSES, Partitions.classes),
    (_TOTALS, Partitions.totals),
)
