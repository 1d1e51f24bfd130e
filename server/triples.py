"""Triples being written: the service's description of itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from catchup.kg.engine.formats import FORMATS
from catchup.kg.names import PREFIXES

VOID = "http://rdfs.org/ns/void#"
# What SIB's editor and void-generator call datatype partitions by.
VOID_EXT = "http://ldf.fi/void-ext#"
SD = "http://www.w3.org/ns/sparql-service-description#"
_GRAPH = ox.NamedNode(SD + "graph")
_PREFIXES = PREFIXES | {"sd": SD, "void-ext": VOID_EXT}


class Graph:
    """Triples being written, with little ceremony."""

    def __init__(self) -> None:
        self.triples: dict[ox.Triple, None] = {}
        self._written: dict[str, bytes] = {}

    def add(self, subject: str, predicate: str, *objects: Any) -> None:
        """Add triples; an object is a node, a number, a boolean, or an IRI as text."""
        for value in objects:
            if isinstance(value, str):
                value = ox.NamedNode(value)
            elif isinstance(value, bool | int | float):
                value = ox.Literal(value)
            self.triples[ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value)] = None

    def serialise(self, format_: str) -> bytes:
        """Return the triples in a format."""
        if format_ not in self._written:
            self._written[format_] = write(self.triples, format_)
        return self._written[format_]

    def about(self, iri: str, format_: str) -> bytes:
        """Return what is said of a named graph: its node, and the dataset in it."""
        node = ox.NamedNode(iri)
        nodes: set[object] = {t.subject for t in self.triples if t.object == node} | {node}
        nodes |= {t.object for t in self.triples if t.subject in nodes and t.predicate == _GRAPH}
        return write([t for t in self.triples if t.subject in nodes], format_)


def write(triples: Iterable[ox.Triple], format_: str) -> bytes:
    """Return triples in a format."""
    engine = FORMATS[format_].engine
    assert isinstance(engine, ox.RdfFormat)
    return ox.serialize(triples, format=engine, prefixes=_PREFIXES) or b""


def text(value: str) -> ox.Literal:
    """Return English text as a literal."""
    return ox.Literal(value, language="en")
