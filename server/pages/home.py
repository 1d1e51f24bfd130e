"""The first page: what this is, the cases, the theory as a picture, questions to begin with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from catchup.kg.catalogue import catalogue
from catchup.kg.names import CU
from catchup.kg.snapshot.index import open_index
from catchup.server.pages.draw import mechanisms
from catchup.server.pages.facts import Names, href
from catchup.server.pages.leaves import leaf
from catchup.server.pages.sheet import Download, Sheet
from catchup.server.pages.visit import Visit, english

#: Kinds of thing counted on the page, with their words.
COUNTED = (
    ("Claim", "claims"),
    ("Firm", "firms"),
    ("Unit", "units"),
    ("LearningEpisode", "learning episodes"),
    ("KnowledgeFlow", "knowledge flows"),
    ("Event", "events"),
    ("Figure", "figures"),
    ("Proposition", "propositions"),
    ("Passage", "passages"),
)
#: Questions shown; the others stand on the catalogue's page.
_QUESTIONS = 8
#: Kinds of situation that a card counts.
_KINDS = 4
#: Cards on a page, those with most claims first: 0.3 kB and 0.1 ms each, and at a million triples
#: there are some 500 cases.
_CARDS = 48


@dataclass
class Case:
    """A firm whose doings the sources tell of: IRIs, with how often."""

    iri: str
    country: str = ""
    claims: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)

    def mentioned(self) -> Iterable[str]:
        """Return all IRIs that its card names."""
        return (self.iri, *([self.country] if self.country else ()), *self.kinds, *self.sources)


@dataclass(frozen=True)
class Card:
    """A case in the words of a language."""

    iri: str
    label: str
    country: str
    claims: int
    kinds: list[tuple[str, int]]
    sources: list[str]

    @property
    def href(self) -> str:
        """The address of the firm's page."""
        return href(self.iri)

    def as_data(self) -> dict[str, object]:
        """Return the case as plain data for JSON."""
        return {
            "iri": self.iri,
            "label": self.label,
            "country": self.country,
            "claims": self.claims,
            "situations": dict(self.kinds),
            "sources": self.sources,
        }


async def make(visit: Visit) -> Sheet:
    """Return the first page. Raises NotThere and the errors of kg.engine.errors."""
    data, say = visit.data, visit.say
    circulation, cases, numbers = await asyncio.gather(
        data.rows("circulation"),
        visit.once("cases with most claims first", lambda: _cases(visit)),
        visit.once("counts", lambda: _counts(visit)),
    )
    here = leaf(visit, [cases[n : n + _CARDS] for n in range(0, len(cases), _CARDS)] or [[]])
    pairs = {(r["s"].value, r["o"].value) for r in circulation}
    names = data.names({*mechanisms.shown(), *(iri for pair in pairs for iri in pair)})
    picture = mechanisms.draw(
        names,
        pairs,
        say("Three mechanisms and two stages"),
        say(
            "Learning, sharing and integration of knowledge feed each other; firms catch up in two"
            " stages, helped by windows of opportunity."
        ),
    )
    counts = [(say(word), numbers.get(CU + kind, 0)) for kind, word in COUNTED]
    return Sheet(
        "home.html",
        "Catchup",
        say(
            "A knowledge graph of how latecomer firms learn: every statement stands on a claim, and"
            " every claim on a place in its source."
        ),
        {
            "cases": _cards(visit, here.shown),
            "all": len(cases),
            "leaf": here,
            "picture": picture,
            "counted": counts,
            "questions": list(catalogue().values())[:_QUESTIONS],
        },
        json=lambda: {
            "cases": [c.as_data() for c in _cards(visit, cases)],
            "counts": dict(counts),
        },
        table=lambda: [
            ["iri", "firm", "home country", "claims", "sources"],
            *(
                [c.iri, c.label, c.country, c.claims, "; ".join(c.sources)]
                for c in _cards(visit, cases)
            ),
        ],
        downloads=[
            Download("/graphs?default", "text/turtle", say("The whole graph")),
            Download("/.well-known/void", "text/turtle", say("Its description (VoID, DCAT)")),
        ],
        schema={
            "@type": "Dataset",
            "name": "Catchup",
            "description": "Claims about how latecomer firms learn, with their evidence.",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "url": visit.services.config.url + "/",
        },
        canonical=here.here,
    )


def _cards(visit: Visit, cases: Sequence[Case]) -> list[Card]:
    names = visit.data.names({iri for case in cases for iri in case.mentioned()})
    return [_card(case, names) for case in cases]


def _card(case: Case, names: Names) -> Card:
    kinds = sorted(
        ((names(k), n) for k, n in case.kinds.items()), key=lambda kind: (-kind[1], kind[0])
    )
    return Card(
        case.iri,
        names(case.iri),
        names(case.country) if case.country else "",
        case.claims,
        kinds[:_KINDS],
        [names(s) for s in case.sources],
    )


async def _cases(visit: Visit) -> list[Case]:
    """Return all cases, those with most claims first."""
    kinds, learned, claims, places = await asyncio.gather(
        *(visit.data.rows(n) for n in ("cases", "unit-learning", "claim-counts", "places"))
    )
    found: dict[str, Case] = {}
    for row in [*kinds, *learned]:
        case = found.setdefault(row["firm"].value, Case(row["firm"].value))
        kind = row["kind"].value if "kind" in row else CU + "LearningEpisode"
        case.kinds[kind] = case.kinds.get(kind, 0) + int(row["n"].value)
        case.sources.setdefault(row["source"].value)
    for row in claims:
        if row["firm"].value in found:
            found[row["firm"].value].claims = int(row["n"].value)
    for row in places:
        if row["firm"].value in found:
            found[row["firm"].value].country = row["country"].value
    names = english(visit).names(found)
    return sorted(found.values(), key=lambda c: (-c.claims, names(c.iri), c.iri))


async def _counts(visit: Visit) -> dict[str, int]:
    """Return how many things there are of each kind that is counted."""
    path = visit.services.config.manifest.parent / visit.data.manifest.index
    # in a thread of its own: 90 ms at a million triples, in which others are answered
    return await asyncio.to_thread(_count_in, path)


def _count_in(path: Path) -> dict[str, int]:
    marks = ",".join("?" * len(COUNTED))
    query = f"SELECT type, COUNT(DISTINCT iri) FROM types WHERE type IN ({marks}) GROUP BY type"  # noqa: S608
    with closing(open_index(path)) as index:
        return dict(index.execute(query, [CU + kind for kind, _ in COUNTED]))
