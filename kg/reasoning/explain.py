"""Why a triple is in the graph: asserted by which claims, or inferred by which axiom from what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from catchup.kg.errors import CannotRun, NotFound
from catchup.kg.names import G
from catchup.kg.reasoning.admission import DERIVED, Admission
from catchup.kg.reasoning.closure import bind, premises, solve
from catchup.kg.reasoning.direct import OBJECT, PREDICATE, SUBJECT, VALUE, direct
from catchup.kg.reasoning.evidence import ClaimNote, Reader
from catchup.kg.reasoning.expressions import Fact, Term, type_
from catchup.kg.reasoning.materialise import situations
from catchup.kg.reasoning.raw import variables
from catchup.kg.reasoning.rules import Program, Rule, key, ordered
from catchup.kg.reasoning.words import axiom_words, fact_words

#: Graphs that the default graph of queries leaves out.
ASIDE = frozenset(
    NamedNode(G + name)
    for name in ("curation", "direct-curation", "inferred-curation", "enrichment")
)
#: Graphs whose triples stand on no claim, and why.
UNCLAIMED = {
    "entities": "Types, labels and identifiers of entities carry no claim.",
    "bibliography": "This describes a document, not what it says.",
    "ontology": "This is an axiom or an annotation of the ontology.",
    "vocab": "This defines a concept of the vocabularies.",
    "links": "This is a link from a mapping table.",
    "enrichment": "This is what a linked item says elsewhere.",
}
#: With so many ways to derive one triple, the shortest among those is good enough to show.
WAYS = 200


@dataclass(frozen=True)
class Explanation:
    """Why one triple holds.

    `kind` is asserted, direct or inferred. An asserted triple has claims, or a note why it needs
    none. A direct or inferred one has premises; an inferred one also the axioms, in words.
    """

    fact: Fact
    words: str
    kind: str
    graphs: tuple[str, ...] = ()
    claims: tuple[ClaimNote, ...] = ()
    note: str = ""
    axioms: tuple[str, ...] = ()
    premises: tuple[Explanation, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the explanation as plain data."""
        s, p, o = self.fact
        out: dict[str, Any] = {
            "triple": [str(s), str(p), str(o)],
            "words": self.words,
            "kind": self.kind,
            "graphs": list(self.graphs),
        }
        if self.note:
            out["note"] = self.note
        if self.claims:
            out["claims"] = [_claim_dict(c) for c in self.claims]
        if self.axioms:
            out["axioms"] = list(self.axioms)
        if self.premises:
            out["premises"] = [p.as_dict() for p in self.premises]
        return out


def _claim_dict(claim: ClaimNote) -> dict[str, Any]:
    return {
        "iri": claim.iri,
        "number": claim.number,
        "label": claim.label,
        "graph": claim.graph,
        **{name.replace(" ", "_"): list(values) for name, values in claim.about.items()},
        "evidence": [
            {k: v for k, v in vars(e).items() if v not in ("", ())} for e in claim.evidence
        ],
        **({"based_on": list(claim.based_on)} if claim.based_on else {}),
    }


def explain(s: Term, p: NamedNode, o: Term, store: Store, program: Program) -> Explanation:
    """Return why the triple is in `store`, down to what is asserted.

    `store` holds the graphs by name. Raises NotFound when the triple is in none of them, and
    CannotRun when a triple that is stored as inferred follows from nothing.
    """
    return _Explainer(store, program).explain((s, p, o))


class _Explainer:
    def __init__(self, store: Store, program: Program) -> None:
        self.store = store
        self.program = program
        self.reader = Reader(store)
        self.admission = Admission([store], situations(program))
        self.aside: frozenset[NamedNode] = ASIDE
        self.names: dict[Term, str] = {}

    def explain(self, fact: Fact) -> Explanation:
        graphs = self.graphs(fact)
        if not graphs:
            raise NotFound(
                f"The triple {fact_words(fact)} is not in the graph.", remedy=self._near(fact)
            )
        if graphs <= ASIDE:
            self.aside = frozenset({NamedNode(G + "enrichment")})
        if graphs - DERIVED:
            return self.asserted(fact, graphs)
        return self.derived(fact)

    def graphs(self, fact: Fact) -> set[NamedNode]:
        """Return the named graphs that hold `fact`."""
        return {
            q.graph_name
            for q in self.store.quads_for_pattern(*fact, None)  # type: ignore[arg-type]
            if isinstance(q.graph_name, NamedNode)
        }

    def _near(self, fact: Fact) -> str:
        s, p, o = fact
        others = {q.object for q in self.store.quads_for_pattern(s, p, None, None)}  # type: ignore[arg-type]
        if others:
            shown = sorted(fact_words((s, p, x)) for x in others)[:5]  # type: ignore[arg-type]
            return f"The graph has: {'; '.join(shown)}."
        if isinstance(o, Literal) or isinstance(s, Literal):
            return "Give a literal as it stands in the graph, with its language or datatype."
        known = next(self.store.quads_for_pattern(s, None, None, None), None)
        return (
            "It has nothing with that predicate about that subject."
            if known
            else "It has nothing about that subject."
        )

    # ------------------------------------------------------------------ the triples to reason on

    def has(self, fact: Fact) -> bool:
        """Tell whether rules may use the triple (Lookup)."""
        return any(
            q.graph_name in DERIVED or bool(self.admission.causes(q))
            for q in self.store.quads_for_pattern(*fact, None)  # type: ignore[arg-type]
            if isinstance(q.graph_name, NamedNode) and q.graph_name not in self.aside
        )

    def match(self, s: Term | None, p: NamedNode, o: Term | None) -> Iterator[Fact]:
        """Yield the triples that fit and that rules may use (Lookup)."""
        seen: set[Fact] = set()
        for q in self.store.quads_for_pattern(s, p, o, None):  # type: ignore[arg-type]
            fact: Fact = (q.subject, q.predicate, q.object)  # type: ignore[assignment]
            if fact not in seen and not isinstance(q.graph_name, DefaultGraph):
                seen.add(fact)
                if self.has(fact):
                    yield fact

    def given(self, fact: Fact) -> bool:
        """Tell whether the triple is written and admitted, or a direct triple."""
        for q in self.store.quads_for_pattern(*fact, None):  # type: ignore[arg-type]
            if not isinstance(q.graph_name, NamedNode) or q.graph_name in self.aside:
                continue
            if q.graph_name.value.startswith(G + "direct"):
                return True
            if q.graph_name not in DERIVED and self.admission.causes(q):
                return True
        return False

    # ------------------------------------------------------------------ kinds of explanation

    def asserted(self, fact: Fact, graphs: set[NamedNode]) -> Explanation:
        """Explain a triple that is written somewhere."""
        written = frozenset(graphs - DERIVED)
        names = sorted(g.value for g in written)
        unclaimed = [UNCLAIMED[n[len(G) :]] for n in names if n[len(G) :] in UNCLAIMED]
        claims: tuple[ClaimNote, ...] = ()
        if len(unclaimed) < len(names):
            claims = tuple(self.reader.claims(fact[0], written))
        note = "" if claims else " ".join(unclaimed) or "It describes a node that claims refer to."
        return Explanation(
            fact, self.words(fact), "asserted", tuple(names), claims=claims, note=note
        )

    def derived(self, fact: Fact) -> Explanation:
        """Explain a triple that the build made."""
        if self.given(fact):
            return self.leaf(fact)
        steps = self.proof(fact)
        if fact not in steps:
            raise CannotRun(
                f"{fact_words(fact)} is stored as inferred but follows from nothing in the graph.",
                remedy="Run 'catchup build'.",
            )
        return self.tree(fact, steps)

    def leaf(self, fact: Fact) -> Explanation:
        """Explain a triple on which proofs end."""
        graphs = {g for g in self.graphs(fact) if g not in self.aside}
        if graphs - DERIVED:
            return self.asserted(fact, graphs)
        s, p, o = fact
        found = []
        for q in self.reader.written(None, SUBJECT, s):
            if q.graph_name in self.aside:
                continue
            if any(made == fact for made, _ in direct(q, self.admission)):
                value = OBJECT if not isinstance(o, Literal) else VALUE
                for predicate, other in ((SUBJECT, s), (PREDICATE, p), (value, o)):
                    part: Fact = (q.subject, predicate, other)  # type: ignore[assignment]
                    found.append(self.asserted(part, {q.graph_name}))  # type: ignore[arg-type]
        return Explanation(
            fact,
            self.words(fact),
            "direct",
            tuple(sorted(g.value for g in graphs)),
            note="A plain statement says it, and a claim asserts that statement.",
            premises=tuple(found),
        )

    def tree(self, fact: Fact, steps: dict[Fact, tuple[Rule, tuple[Fact, ...]]]) -> Explanation:
        """Return the proof of `fact` as a tree."""
        if self.given(fact):
            return self.leaf(fact)
        rule, used = steps[fact]
        graphs = sorted(g.value for g in self.graphs(fact) if g not in self.aside)
        return Explanation(
            fact,
            self.words(fact),
            "inferred",
            tuple(graphs),
            axioms=tuple(axiom_words(a) for a in rule.axioms),
            premises=tuple(self.tree(f, steps) for f in used),
        )

    def proof(self, goal: Fact) -> dict[Fact, tuple[Rule, tuple[Fact, ...]]]:
        """Return a shortest step for every triple on the way from `goal` down to what is given."""
        ways: dict[Fact, list[tuple[Rule, tuple[Fact, ...]]]] = {}
        todo, depth = [goal], {}
        while todo:
            fact = todo.pop(0)
            if fact in ways or fact in depth:
                continue
            if self.given(fact):
                depth[fact] = 0
                continue
            ways[fact] = self._ways(fact)
            todo.extend(p for _, used in ways[fact] for p in used)
        steps: dict[Fact, tuple[Rule, tuple[Fact, ...]]] = {}
        grown = True
        while grown:
            grown = False
            for fact, found in ways.items():
                for rule, used in found:
                    if all(p in depth for p in used):
                        length = 1 + max((depth[p] for p in used), default=0)
                        if length < depth.get(fact, 1 << 30):
                            depth[fact], steps[fact], grown = length, (rule, used), True
        return steps

    def _ways(self, fact: Fact) -> list[tuple[Rule, tuple[Fact, ...]]]:
        found: list[tuple[Rule, tuple[Fact, ...]]] = []
        for rule in self.program.heads.get(key(fact), ()):
            binding = bind(rule.head, fact, [None] * rule.size)
            if binding is None:
                continue
            body = ordered(rule.body, variables([rule.head]))
            for solved in solve(body, 0, binding, self):
                used = premises(rule, solved)
                if fact in used:
                    continue
                found.append((rule, used))
                if all(self.given(p) for p in used):
                    return [(rule, used)]
                if len(found) >= WAYS:
                    return found
        return found

    def words(self, fact: Fact) -> str:
        """Return the triple as a sentence with labels."""

        def name(node: Term) -> str:
            if isinstance(node, Literal):
                return f'"{node.value}"'
            if node not in self.names:
                self.names[node] = self.reader.label(node)
            return self.names[node]

        s, p, o = fact
        verb = "is a" if p == type_ else name(p)
        return f"{name(s)} {verb} {name(o)}"
