"""The data that shapes look at: triples indexed both ways, with the classes of every node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from catchup.kg import names

Node = ox.NamedNode | ox.BlankNode | ox.Literal
TYPE = names.RDF + "type"
SUBCLASS = names.RDFS + "subClassOf"


class DataGraph:
    """Triples of any number of named graphs taken as one set (the union that SHACL validates)."""

    def __init__(self, triples: Iterable[ox.Quad | ox.Triple] = ()) -> None:
        self.out: dict[str, dict[str, list[Node]]] = {}
        self.into: dict[str, dict[str, list[Node]]] = {}
        self.instances: dict[str, set[str]] = {}
        self.users: dict[str, set[str]] = {}
        self._nodes: dict[str, Node] = {}
        self._supers: dict[str, frozenset[str]] = {}
        self._seen: set[tuple[str, str, Node]] = set()
        self.add(triples)

    def add(self, triples: Iterable[ox.Quad | ox.Triple]) -> None:
        """Add triples; one that is there already changes nothing."""
        for triple in triples:
            subject, value = triple.subject, triple.object
            if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
                continue
            predicate = triple.predicate.value
            key = (subject.value, predicate, value)
            if key in self._seen:
                continue
            self._seen.add(key)
            self._nodes.setdefault(subject.value, subject)
            self.out.setdefault(subject.value, {}).setdefault(predicate, []).append(value)
            self.users.setdefault(predicate, set()).add(subject.value)
            if not isinstance(value, ox.Literal):
                self.into.setdefault(value.value, {}).setdefault(predicate, []).append(subject)
                if predicate == TYPE:
                    self.instances.setdefault(value.value, set()).add(subject.value)
                elif predicate == SUBCLASS:
                    self._supers.clear()

    def objects(self, node: Node, predicate: str) -> list[Node]:
        """Return the values of `predicate` at `node`."""
        if isinstance(node, ox.Literal):
            return []
        return self.out.get(node.value, {}).get(predicate, [])

    def subjects(self, node: Node, predicate: str) -> list[Node]:
        """Return the nodes that have `node` as a value of `predicate`."""
        if isinstance(node, ox.Literal):
            return [
                self._nodes[s]
                for s in self.users.get(predicate, ())
                if node in self.out[s][predicate]
            ]
        return self.into.get(node.value, {}).get(predicate, [])

    def node(self, iri: str) -> Node:
        """Return the node named `iri`."""
        return self._nodes.get(iri) or ox.NamedNode(iri)

    def supers(self, cls: str) -> frozenset[str]:
        """Return `cls` and all its superclasses."""
        known = self._supers.get(cls)
        if known is None:
            found, todo = {cls}, [cls]
            while todo:
                for up in self.out.get(todo.pop(), {}).get(SUBCLASS, []):
                    if not isinstance(up, ox.Literal) and up.value not in found:
                        found.add(up.value)
                        todo.append(up.value)
            known = self._supers[cls] = frozenset(found)
        return known

    def is_a(self, node: Node, cls: str) -> bool:
        """Tell whether `node` is typed with `cls` or one of its subclasses."""
        return any(
            not isinstance(t, ox.Literal) and cls in self.supers(t.value)
            for t in self.objects(node, TYPE)
        )

    def all_of(self, cls: str) -> Iterator[str]:
        """Yield the names of all instances of `cls` and its subclasses."""
        for kind, members in self.instances.items():
            if cls in self.supers(kind):
                yield from members
