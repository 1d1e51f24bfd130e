"""Where rules look triples up: in memory, or in several places laid over one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from pyoxigraph import NamedNode, Quad

from catchup.kg.reasoning.expressions import Fact, Term


class Lookup(Protocol):
    """Triples that can be asked for by pattern."""

    def match(self, s: Term | None, p: NamedNode, o: Term | None) -> Iterable[Fact]:
        """Return the triples that fit, each once; None fits anything."""

    def has(self, fact: Fact) -> bool:
        """Tell whether the triple is there."""


class Written(Protocol):
    """Quads that can be asked for by pattern: a store of pyoxigraph, or what stands in for one."""

    def quads_for_pattern(
        self,
        subject: Any,
        predicate: Any,
        object: Any,
        graph_name: Any = None,
        /,
    ) -> Iterator[Quad]:
        """Yield the quads that fit; None fits anything."""

    def __contains__(self, quad: Quad) -> bool:
        """Tell whether the quad is there."""


class Memory:
    """Triples in memory, indexed by predicate with subject and with object."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self.facts: set[Fact] = set()
        self._p: dict[NamedNode, list[Fact]] = defaultdict(list)
        self._ps: dict[tuple[NamedNode, Term], list[Fact]] = defaultdict(list)
        self._po: dict[tuple[NamedNode, Term], list[Fact]] = defaultdict(list)
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """Add a triple; one that is there already changes nothing."""
        if fact in self.facts:
            return
        s, p, o = fact
        self.facts.add(fact)
        self._p[p].append(fact)
        self._ps[p, s].append(fact)
        self._po[p, o].append(fact)

    def has(self, fact: Fact) -> bool:
        """Tell whether the triple is there."""
        return fact in self.facts

    def match(self, s: Term | None, p: NamedNode, o: Term | None) -> Sequence[Fact]:
        """Return the triples that fit; None fits anything."""
        if s is not None and o is not None:
            return ((s, p, o),) if (s, p, o) in self.facts else ()
        if s is not None:
            return self._ps.get((p, s), ())
        if o is not None:
            return self._po.get((p, o), ())
        return self._p.get(p, ())


class Layered:
    """One lookup laid over others; a triple in several is given once."""

    def __init__(self, *layers: Lookup) -> None:
        self.layers = layers

    def has(self, fact: Fact) -> bool:
        """Tell whether the triple is in one of the layers."""
        return any(layer.has(fact) for layer in self.layers)

    def match(self, s: Term | None, p: NamedNode, o: Term | None) -> Iterator[Fact]:
        """Return the triples that fit; None fits anything."""
        for i, layer in enumerate(self.layers):
            for fact in layer.match(s, p, o):
                if not any(upper.has(fact) for upper in self.layers[:i]):
                    yield fact
