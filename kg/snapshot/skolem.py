"""Blank nodes to stable IRIs and back, so that the snapshot has no blank node.

The IRI of a blank node is a hash of its content and of the path that leads to it from a named
node: the same file gives the same IRIs on every machine, and two restrictions of equal content
under different classes stay two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pyoxigraph as ox

from catchup.kg import names

GENID = names.BASE + ".well-known/genid/"


def skolemise(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return `triples` with every blank node replaced by an IRI under /.well-known/genid/.

    Blank nodes must form trees (as OWL restrictions, lists and shapes do); a cycle of blank nodes
    raises ValueError.
    """
    rows = list(triples)
    below: dict[ox.BlankNode, list[ox.Triple]] = {}
    above: dict[ox.BlankNode, tuple[ox.NamedNode | ox.BlankNode, ox.NamedNode]] = {}
    for row in rows:
        if isinstance(row.subject, ox.BlankNode):
            below.setdefault(row.subject, []).append(row)
        if isinstance(row.object, ox.BlankNode):
            above[row.object] = (_node(row.subject), row.predicate)
    contents: dict[ox.BlankNode, str] = {}
    named: dict[ox.BlankNode, ox.NamedNode] = {}

    def content(node: ox.BlankNode, trail: frozenset[ox.BlankNode]) -> str:
        if node in trail:
            raise ValueError("blank nodes form a cycle")
        if node not in contents:
            said = sorted(
                f"{t.predicate} {content(t.object, trail | {node})}"
                if isinstance(t.object, ox.BlankNode)
                else f"{t.predicate} {t.object}"
                for t in below.get(node, ())
            )
            contents[node] = _hash(*said)
        return contents[node]

    def name(node: ox.BlankNode) -> ox.NamedNode:
        if node not in named:
            parent = above.get(node)
            if parent is None:
                path = ""
            else:
                subject = name(parent[0]) if isinstance(parent[0], ox.BlankNode) else parent[0]
                path = f"{subject} {parent[1]}"
            named[node] = ox.NamedNode(GENID + _hash(path, content(node, frozenset()))[:32])
        return named[node]

    return [
        ox.Triple(
            name(t.subject) if isinstance(t.subject, ox.BlankNode) else _node(t.subject),
            t.predicate,
            name(t.object) if isinstance(t.object, ox.BlankNode) else t.object,
        )
        for t in rows
    ]


def unskolemise(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return `triples` with the IRIs made by `skolemise` turned back into blank nodes."""

    def back(node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple):  # type: ignore[no-untyped-def]
        if isinstance(node, ox.NamedNode) and node.value.startswith(GENID):
            return ox.BlankNode("g" + node.value[len(GENID) :])
        return node

    return [ox.Triple(back(t.subject), t.predicate, back(t.object)) for t in triples]


def _node(node: object) -> ox.NamedNode | ox.BlankNode:
    if isinstance(node, ox.NamedNode | ox.BlankNode):
        return node
    raise ValueError("a triple about a triple is not read here")


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
