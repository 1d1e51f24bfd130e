"""Which claims a written triple stands on, and on which evidence each claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Triple

from catchup.kg.names import CU, DCTERMS, OA, PROV, RDFS, SKOS
from catchup.kg.reasoning.admission import ASSERTS, DERIVED
from catchup.kg.reasoning.expressions import Term


class Quads(Protocol):
    """Quads that can be asked for by pattern: a pyoxigraph Store, or what answers like one."""

    def quads_for_pattern(
        self, subject: Any, predicate: Any, object: Any, graph_name: Any = None, /
    ) -> Iterator[Quad]:
        """Yield the quads that fit; None fits anything."""


#: How far up from a nested node its claim is looked for: claim, situation, node, node of a node.
DEPTH = 4


@dataclass(frozen=True)
class EvidenceNote:
    """One piece of evidence: what it is, in which document and part, between which offsets."""

    iri: str
    kind: str
    state: str = ""
    document: str = ""
    part: str = ""
    segments: tuple[tuple[int, int], ...] = ()
    locator: str = ""


@dataclass(frozen=True)
class ClaimNote:
    """A claim in short: number, our words, whose it is, how strong, and on what it rests."""

    iri: str
    number: str
    label: str
    graph: str
    about: dict[str, tuple[str, ...]] = field(default_factory=dict)
    evidence: tuple[EvidenceNote, ...] = ()
    based_on: tuple[str, ...] = ()


#: What is told of a claim, in this order.
ABOUT = {
    "kind": NamedNode(CU + "statementKind"),
    "voice": NamedNode(CU + "voice"),
    "basis": NamedNode(CU + "basis"),
    "force": NamedNode(CU + "force"),
    "rank": NamedNode(CU + "rank"),
    "attributed to": NamedNode(PROV + "wasAttributedTo"),
    "speaker": NamedNode(CU + "reportedSpeaker"),
    "primary source": NamedNode(PROV + "hadPrimarySource"),
}
_LABELS = (NamedNode(RDFS + "label"), NamedNode(SKOS + "prefLabel"), NamedNode(CU + "roleTitle"))


class Reader:
    """Reads claims and labels out of quads."""

    def __init__(self, quads: Quads) -> None:
        self.quads = quads

    def written(self, s: Term | None, p: NamedNode | None, o: Term | None) -> Iterator[Quad]:
        """Yield quads of the graphs that people wrote."""
        for quad in self.quads.quads_for_pattern(s, p, o, None):
            if quad.graph_name not in DERIVED and not isinstance(quad.graph_name, DefaultGraph):
                yield quad

    def objects(self, s: Term, p: NamedNode) -> list[Term]:
        """Return what `s p ?` leads to, in a fixed order."""
        found = {q.object for q in self.written(s, p, None)}
        return sorted((o for o in found if not isinstance(o, Triple)), key=str)

    def label(self, node: Term) -> str:
        """Return the English label of a node, or its local name, or its text."""
        if isinstance(node, Literal):
            return node.value
        for p in _LABELS:
            found = [o for o in self.objects(node, p) if isinstance(o, Literal)]
            best = [o for o in found if o.language == "en"] or found
            if best:
                return best[0].value
        return node.value.rstrip("/").rpartition("/")[2].rpartition("#")[2]

    def claims(self, node: Term, graphs: frozenset[Term] | None = None) -> list[ClaimNote]:
        """Return the claims on which what is written of `node` stands.

        They assert the node itself, or the situation under which it is described.
        """
        level, seen = [node], {node}
        for _ in range(DEPTH):
            found = {q.subject: q.graph_name for n in level for q in self.written(None, ASSERTS, n)}
            if found:
                return [self._claim(c, g) for c, g in sorted(found.items(), key=str)]  # type: ignore[arg-type]
            above = [
                q.subject
                for n in level
                for q in self.written(None, None, n)
                if graphs is None or q.graph_name in graphs
            ]
            level = [n for n in dict.fromkeys(above) if n not in seen]  # type: ignore[misc]
            seen.update(level)
        return []

    def _claim(self, claim: Term, graph: Term) -> ClaimNote:
        number = next(iter(self.objects(claim, NamedNode(DCTERMS + "identifier"))), None)
        about = {
            name: tuple(self.label(o) for o in self.objects(claim, p)) for name, p in ABOUT.items()
        }
        evidence = [self._evidence(e) for e in self.objects(claim, NamedNode(CU + "hasEvidence"))]
        based = [self._number(c) for c in self.objects(claim, NamedNode(CU + "basedOnClaim"))]
        return ClaimNote(
            claim.value,
            number.value if number else "",
            self.label(claim),
            graph.value,
            {name: values for name, values in about.items() if values},
            tuple(evidence),
            tuple(based),
        )

    def _number(self, claim: Term) -> str:
        numbers = self.objects(claim, NamedNode(DCTERMS + "identifier"))
        return numbers[0].value if numbers else claim.value

    def _evidence(self, node: Term) -> EvidenceNote:
        def first(p: str) -> Term | None:
            return next(iter(self.objects(node, NamedNode(p))), None)

        def named(p: str) -> str:
            value = first(p)
            return self.label(value) if value is not None else ""

        kinds = [o for o in self.objects(node, NamedNode(_TYPE)) if o.value.startswith(CU)]
        segments = []
        for selector in self.objects(node, NamedNode(OA + "hasSelector")):
            start, end = (self.objects(selector, NamedNode(OA + x)) for x in ("start", "end"))
            if start and end:
                segments.append((int(start[0].value), int(end[0].value)))
        places = [named(CU + p) for p in ("page", "sectionNumber", "roleTitle")]
        return EvidenceNote(
            node.value,
            kinds[0].value[len(CU) :] if kinds else "",
            named(CU + "evidenceState"),
            named(OA + "hasSource") or named(CU + "inWork"),
            named(CU + "inPart"),
            tuple(sorted(segments)),
            ", ".join(p for p in places if p),
        )


_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
