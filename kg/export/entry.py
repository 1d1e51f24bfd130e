"""From quads back to an entry in the authoring format: the inverse of kg.reading.entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.reading.context import Context, Term
from catchup.kg.terms import Node, node, value

TYPE = names.RDF + "type"
IDENTIFIER = names.DCTERMS + "identifier"
SELECTOR = names.OA + "hasSelector"
CLAIM = names.CU + "Claim"
STATE = names.CU + "evidenceState"
#: What a claim owns: nodes of these properties stand inside it, not beside it.
OWNING = {
    names.CU + "asserts",
    names.CU + "hasEvidence",
    names.CU + "hasContextEvidence",
    names.CU + "period",
    names.CU + "beganIn",
}


def entry(quads: Iterable[ox.Quad], graph: str, context: Context) -> dict[str, Any]:
    """Return the entry (plain data for kg.reading.write.render) that says just `quads`.

    `graph` is the name of the graph; every quad must be of it. Raises ValueError for a predicate
    that the authoring format has no key for.
    """
    return _Writer(list(quads), context).write(graph)


class _Writer:
    def __init__(self, quads: list[ox.Quad], context: Context) -> None:
        self.context = context
        self.rows: dict[str, list[tuple[str, Node]]] = defaultdict(list)
        uses: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for q in quads:
            self.rows[value(q.subject)].append((q.predicate.value, node(q.object)))
            if isinstance(q.object, ox.NamedNode):
                uses[q.object.value].append((value(q.subject), q.predicate.value))
        self.classes = {iri: name for name, iri in context.types.items()}
        self.owner: dict[str, str] = {}
        for iri, users in sorted(uses.items()):
            if iri not in self.rows:
                continue
            owners = sorted({s for s, p in users if p in OWNING or p == SELECTOR})
            if owners and (len(users) == 1 or owners[0] != iri):
                self.owner[iri] = owners[0]

    def write(self, graph: str) -> dict[str, Any]:
        claims = [s for s in self.rows if CLAIM in self._values(s, TYPE)]
        inside = {s for s in self.owner if self._rooted(s)}
        nodes = sorted(s for s in self.rows if s not in claims and s not in inside)
        self.inside = inside
        content: dict[str, Any] = {"graph": graph}
        if nodes:
            content["nodes"] = [self._block(s) for s in nodes]
        if claims:
            claims.sort(key=lambda s: self._values(s, IDENTIFIER))
            content["claims"] = [self._block(s) for s in claims]
        return content

    def _rooted(self, iri: str) -> bool:
        trail = {iri}
        while iri in self.owner:
            iri = self.owner[iri]
            if iri in trail:
                return False
            trail.add(iri)
        return True

    def _values(self, subject: str, predicate: str) -> list[str]:
        return [o.value for p, o in self.rows[subject] if p == predicate]

    def _block(self, subject: str) -> dict[str, Any]:
        block: dict[str, Any] = {}
        rows = sorted(self.rows[subject], key=lambda r: (r[0], str(r[1])))
        types = self._values(subject, TYPE)
        is_claim = CLAIM in types
        if is_claim:
            block["claim"] = self._values(subject, IDENTIFIER)[0]
        else:
            block["id"] = self._name(subject, names.D)
            kinds = sorted(self._class(t) for t in types)
            block["type"] = kinds[0] if len(kinds) == 1 else kinds
        segments = []
        values: dict[str, list[Any]] = defaultdict(list)
        for predicate, said in rows:
            if predicate == TYPE or (is_claim and predicate == IDENTIFIER):
                continue
            if predicate == SELECTOR:
                start, end = (
                    self._values(said.value, names.OA + edge)[0] for edge in ("start", "end")
                )
                segments.append((said.value, f"{start}-{end}"))
                continue
            if predicate == STATE:
                continue
            term = self._term(predicate, said)
            values[term.key].append(self._value(subject, term, said))
        if segments:
            segments.sort(key=lambda s: (len(s[0]), s[0]))
            block["segments"] = [text for _, text in segments]
        for key, found in values.items():
            block[key] = found[0] if len(found) == 1 else found
        return block

    def _value(self, subject: str, term: Term, said: Node) -> Any:
        if isinstance(said, ox.Literal):
            return said.value
        iri = said.value
        if iri in self.inside and self.owner[iri] == subject:
            return self._block(iri)
        if term.kind == "property":
            return self._name(iri, names.CU)
        return self._name(iri, names.CUV if term.kind == "concept" else names.D)

    def _term(self, predicate: str, said: Node) -> Term:
        language = said.language if isinstance(said, ox.Literal) else None
        term = self.context.by_iri.get((predicate, language))
        if term is None:
            raise ValueError(f"no key stands for {names.compact(predicate)} @{language}")
        return term

    def _class(self, iri: str) -> str:
        return self.classes.get(iri) or names.compact(iri)

    @staticmethod
    def _name(iri: str, base: str) -> str:
        if iri.startswith(base) and "/" not in iri[len(base) :]:
            return iri[len(base) :]
        return names.compact(iri)
