"""Which triples may reach the closure, and on which graphs each depends.

Chains see neither rank nor force, so a situation reaches the rules only when at least one claim of
normal rank asserts it with the force *asserted* (design, modelling 2.4 (e)). What is described only
under a situation, as a resource nested in a move, shares its fate; its type alone stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import product

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from catchup.kg.errors import InputError, Problem
from catchup.kg.names import CU, CUV, G
from catchup.kg.reasoning.expressions import Fact, Term, type_
from catchup.kg.reasoning.lookup import Written
from catchup.kg.reasoning.words import plain

ASSERTS = NamedNode(CU + "asserts")
RANK = NamedNode(CU + "rank")
FORCE = NamedNode(CU + "force")
NORMAL = NamedNode(CUV + "normal")
ASSERTED = NamedNode(CUV + "asserted")
SITUATION = NamedNode(CU + "Situation")
CLAIM = NamedNode(CU + "Claim")
CURATION = NamedNode(G + "curation")
#: Graphs that the build makes from the others, each with its twin of the curators' graph.
DERIVED = frozenset(
    NamedNode(G + name) for name in ("direct", "inferred", "direct-curation", "inferred-curation")
)
#: Graphs in which nothing is described under a situation.
UNCLAIMED = frozenset(
    NamedNode(G + name) for name in ("entities", "bibliography", "ontology", "vocab", "links")
)

#: The graphs beyond the sources on which a triple depends: none, or cases, or the curators' graph.
Cause = frozenset[NamedNode]
#: All the smallest such sets; no set in it contains another.
Causes = frozenset[Cause]
SOURCES: Cause = frozenset()
ALWAYS: Causes = frozenset({SOURCES})
NEVER: Causes = frozenset()


def cause_of(graph: object) -> Cause:
    """Return what a triple written in `graph` depends on: nothing more, or that graph."""
    if isinstance(graph, NamedNode) and (graph == CURATION or graph.value.startswith(G + "case-")):
        return frozenset({graph})
    return SOURCES


def smallest(causes: Iterable[Cause]) -> Causes:
    """Return the sets of `causes` that contain no other of them."""
    found: list[Cause] = []
    for cause in sorted(set(causes), key=len):
        if not any(other <= cause for other in found):
            found.append(cause)
    return frozenset(found)


def joined(*options: Causes) -> Causes:
    """Return on what a conclusion depends whose premises depend on `options`."""
    if all(option == ALWAYS for option in options):
        return ALWAYS
    return smallest(frozenset().union(*choice) for choice in product(*options))


class Admission:
    """Decides, over named graphs in one or more stores, on what each triple depends."""

    def __init__(self, stores: Collection[Written], situations: Collection[NamedNode]) -> None:
        """Take `stores` together; `situations` are cu:Situation and its subclasses."""
        self.stores = stores
        self.situations = frozenset(situations) | {SITUATION}
        self.kept = lru_cache(maxsize=None)(self._kept)
        self.is_situation = lru_cache(maxsize=None)(self._is_situation)
        self.guards = lru_cache(maxsize=None)(self._guards)

    def quads(
        self, s: Term | None, p: NamedNode | None, o: Term | None, g: Term | None = None
    ) -> Iterator[Quad]:
        """Yield what is written: quads of named graphs, those that the build makes left out."""
        for store in self.stores:
            for quad in store.quads_for_pattern(s, p, o, g):
                if quad.graph_name not in DERIVED and not isinstance(quad.graph_name, DefaultGraph):
                    yield quad

    def _is_situation(self, node: Term) -> bool:
        """Tell whether `node` is typed as a situation.

        By type alone: whether a claim asserts it is one look-up by predicate and object, for
        which the store walks all that refer to it (5 ms for a popular node at 1M triples).
        `refuse_untyped` makes sure that what is asserted has such a type.
        """
        return any(q.object in self.situations for q in self.quads(node, type_, None))

    def refuse_untyped(self) -> None:
        """Raise InputError when a claim asserts what is typed, but not as a situation.

        What has no type is not there, and a matter for the reader of the files.
        """
        wrong = {
            q.object: q.subject
            for q in self.quads(None, ASSERTS, None)
            if not self.is_situation(q.object)
            and next(self.quads(q.object, type_, None), None) is not None  # type: ignore[arg-type]
        }
        if wrong:
            raise InputError(
                "Some claims assert what is not a situation, so its rank and force would not count.",
                problems=[
                    Problem(f"{plain(claim)} asserts {plain(node)}.")  # type: ignore[arg-type]
                    for node, claim in wrong.items()
                ],
                remedy="Give it a type that is a subclass of cu:Situation.",
            )

    def _kept(self, situation: Term) -> Causes:
        """Return which graphs' claims keep `situation`: NEVER when none does."""
        return smallest(
            cause_of(q.graph_name)
            for q in self.quads(None, ASSERTS, situation)
            if next(self.quads(q.subject, RANK, NORMAL, q.graph_name), None) is not None  # type: ignore[arg-type]
            and next(self.quads(q.subject, FORCE, ASSERTED, q.graph_name), None) is not None  # type: ignore[arg-type]
        )

    def _guards(self, node: Term, graph: NamedNode) -> frozenset[Term] | None:
        """Return the situations under one of which `node` is described in `graph`, or None."""
        if isinstance(node, Literal) or graph in UNCLAIMED:
            return None
        if self.is_situation(node):
            return frozenset({node})
        found: set[Term] = set()
        seen: set[Term] = {node}
        todo: list[Term] = [node]
        while todo:
            referrers = {q.subject for q in self.quads(None, None, todo.pop(), graph)} - seen
            if not referrers and not found and len(seen) == 1:
                return None
            for referrer in referrers:
                seen.add(referrer)  # type: ignore[arg-type]
                if self.is_situation(referrer):
                    found.add(referrer)  # type: ignore[arg-type]
                elif next(self.quads(None, None, referrer, graph), None) is not None:  # type: ignore[arg-type]
                    todo.append(referrer)  # type: ignore[arg-type]
                else:
                    return None  # something that stands by itself, a claim above all, refers to it
        return frozenset(found) or None

    def causes(self, quad: Quad) -> Causes:
        """Return on what the triple that is written as `quad` depends; NEVER when withheld."""
        graph = quad.graph_name
        here: Causes = frozenset({cause_of(graph)})
        needs: list[Causes] = [here]
        subject, object_ = quad.subject, quad.object
        guards = self.guards(subject, graph)
        if guards is not None and (subject in guards or quad.predicate != type_):
            needs.append(smallest(c for s in guards for c in self.kept(s)))
        if not isinstance(object_, Literal) and quad.predicate != type_:
            if quad.predicate == ASSERTS or self.is_situation(object_):
                needs.append(self.kept(object_))
        return joined(*needs)


class Admitted:
    """The triples of a store that rules may use: the union in its default graph, or `graphs`.

    What is withheld is left out. Extra graphs, the curators' among them, can be laid in by name.
    """

    def __init__(
        self,
        store: Written,
        admission: Admission,
        graphs: Collection[NamedNode] | None = None,
    ) -> None:
        self.store = store
        self.admission = admission
        self.graphs: list[NamedNode | DefaultGraph] = (
            [DefaultGraph()] if graphs is None else list(graphs)
        )
        self.usable = lru_cache(maxsize=None)(self._usable)

    def has(self, fact: Fact) -> bool:
        """Tell whether the triple is there and not withheld."""
        return any(Quad(*fact, g) in self.store for g in self.graphs) and self.usable(fact)  # type: ignore[arg-type]

    def match(self, s: Term | None, p: NamedNode, o: Term | None) -> Iterator[Fact]:
        """Yield the triples that fit, each once; None fits anything."""
        if s is not None and o is not None:
            if self.has((s, p, o)):
                yield (s, p, o)
            return
        seen: set[Fact] = set()
        for g in self.graphs:
            for q in self.store.quads_for_pattern(s, p, o, g):
                fact: Fact = (q.subject, q.predicate, q.object)  # type: ignore[assignment]
                if len(self.graphs) > 1:
                    if fact in seen:
                        continue
                    seen.add(fact)
                if self.usable(fact):
                    yield fact

    def _usable(self, fact: Fact) -> bool:
        """Tell whether `fact` is not withheld: derived, or admitted where it is written."""
        return any(
            q.graph_name in DERIVED or bool(self.admission.causes(q))
            for q in self.store.quads_for_pattern(*fact, None)
            if not isinstance(q.graph_name, DefaultGraph)
        )
