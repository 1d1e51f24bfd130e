"""Situations in readable rows: what kind of thing is said, of what, and by which claims."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catchup.kg.names import CU, DCTERMS, RDF, RDFS, SKOS
from catchup.server.pages.data import Data
from catchup.server.pages.facts import Facts, Names, Row, Term, href
from catchup.server.pages.marks import ClaimMark, claim_marks, claims_as_data
from catchup.server.pages.values import figure_text, period_text

#: Said by other parts of the page, or by the rows' own heading; or derived from what is shown.
_UNSHOWN = {
    RDF + "type", RDFS + "label", CU + "position", CU + "namedInSource", DCTERMS + "identifier",
    CU + "learnsThrough", CU + "actorIn", CU + "hasFlow", CU + "learnerIn",
}  # fmt: skip
#: A plain statement is one row: its predicate is the label.
_PLAIN = (CU + "stSubject", CU + "stPredicate", CU + "stObject", CU + "stValue")
_FIGURE = {
    CU + name
    for name in [
        "numericValue",
        "lowValue",
        "highValue",
        "rankValue",
        "hedge",
        "unitCode",
        "currencyCode",
        "currencyPrinted",
        "currencyDerived",
    ]
}
#: Kinds that say nothing to a reader beside a more exact one.
_BROAD = {
    "Situation", "Event", "CorporateEvent", "PlainStatement", "VerticalFlow",
    "OutsideLearningEpisode",
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """What stands in a cell: text, and where it leads."""

    text: str
    href: str = ""
    lang: str = ""


@dataclass
class Statement:
    """One situation: its kind, its rows and its claims."""

    iri: str
    kind: str
    kind_iri: str
    rows: list[tuple[str, list[Value]]] = field(default_factory=list)
    claims: list[ClaimMark] = field(default_factory=list)

    @property
    def href(self) -> str:
        """The address of the situation's own page."""
        return href(self.iri)

    @property
    def curated(self) -> bool:
        """Whether the curators alone say it."""
        return all(c.curated for c in self.claims)


class Said:
    """What is said in some situations, with names and claims, ready to be shown."""

    def __init__(self, data: Data, facts: Facts, names: Names, claims: dict[str, list[ClaimMark]]):
        self.lang = data.lang
        self.facts = facts
        self.names = names
        self.claims = claims

    def of_type(self, *types: str) -> list[str]:
        """Return the situations of some types that have claims."""
        wanted = set(types)
        return [s for s in self.claims if self.facts.types(s) & wanted]

    def kind(self, situation: str) -> str:
        """Return the most telling type of a situation (an IRI)."""
        types = [t for t in self.facts.types(situation) if ":" not in t]
        exact = [t for t in types if t not in _BROAD] or types
        return CU + min(exact, key=lambda t: (t not in _FIRST, t)) if exact else CU + "Situation"

    def value(self, term: Term) -> Value:
        """Return a term as a cell shows it."""
        if not term.is_iri:
            return Value(term.value, lang=term.lang)
        if "Period" in self.facts.types(term.value):
            return Value(period_text(self.facts, self.names, term.value, self.lang))
        return Value(self.names(term.value), href(term.value))

    def values(self, situation: str, *predicates: str) -> list[Value]:
        """Return the values of some predicates of a situation."""
        return [self.value(t) for t in self.facts.all(situation, *predicates)]

    def periods(self, situation: str) -> str:
        """Return when it was, as text."""
        nodes = self.facts.iris(situation, "period", "beganIn")
        return "; ".join(period_text(self.facts, self.names, p, self.lang) for p in nodes)

    def statement(self, situation: str) -> Statement:
        """Return a situation as readable rows."""
        kind = self.kind(situation)
        made = Statement(situation, self.names(kind), kind, claims=self.claims.get(situation, []))
        own = self.facts.of(situation)
        for subject in own.get(_PLAIN[0], ()):
            objects = [*own.get(_PLAIN[2], ()), *own.get(_PLAIN[3], ())]
            made.rows.append((self.names(_PLAIN[0]), [self.value(subject)]))
            for predicate in own.get(_PLAIN[1], ()):
                made.rows.append((self.names(predicate.value), [self.value(o) for o in objects]))
        is_figure = "Figure" in self.facts.types(situation)
        if is_figure:
            text = figure_text(self.facts, self.names, situation, self.lang)
            made.rows.append((self.names(CU + "numericValue"), [Value(text)]))
        hidden = _UNSHOWN | set(_PLAIN) | (_FIGURE if is_figure else set())
        for name, terms in own.items():
            if name not in hidden:
                made.rows.append((self.names(name), [self.value(t) for t in terms]))
        return made

    def as_data(self, situation: str) -> dict[str, object]:
        """Return a situation as plain data for JSON."""
        made = self.statement(situation)
        return {
            "iri": situation,
            "kind": made.kind,
            "says": {label: [v.text for v in values] for label, values in made.rows},
            "claims": claims_as_data(made.claims),
        }


_FIRST = (
    "Acquisition", "Divestiture", "Sale", "JointVentureFormation", "ReverseFlow", "DownwardFlow",
    "HorizontalFlow", "Figure", "Affiliation", "Siting", "GeneralStatement",
)  # fmt: skip


async def said_in(data: Data, situations: Iterable[str], more: Sequence[str] = ()) -> Said:
    """Return what some situations say. `more` are further IRIs whose names the page needs.

    Raises the errors of kg.engine.errors.
    """
    wanted = set(situations)
    triples, parts, claimed = await data.both(
        ("situations", wanted), ("parts-of-situations", wanted), ("claims-on", wanted)
    )
    facts = Facts(triples)
    facts.add(parts)
    names = data.names(facts.mentioned() | _terms_of(claimed) | set(more))
    return Said(data, facts, names, claim_marks(claimed, names))


def _terms_of(rows: list[Row]) -> set[str]:
    columns = ("kind", "voice", "basis", "force", "rank", "source")
    return {row[c].value for row in rows for c in columns if c in row}


def concept_text(facts: Facts, iri: str, lang: str) -> tuple[Term | None, Term | None]:
    """Return the definition and the example of a concept or term."""
    return facts.text(iri, SKOS + "definition", lang), facts.text(iri, SKOS + "example", lang)
