"""The first page: what this is, the cases, the theory as a picture, questions to begin with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from catchup.kg.catalogue import catalogue
from catchup.kg.names import CU
from catchup.server.pages.draw import mechanisms
from catchup.server.pages.facts import Names, Row, href
from catchup.server.pages.sheet import Download, Sheet
from catchup.server.pages.visit import Visit

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


@dataclass
class Case:
    """A firm as a card shows it."""

    iri: str
    label: str
    href: str
    country: str = ""
    claims: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def as_data(self) -> dict[str, object]:
        """Return the case as plain data for JSON."""
        return {
            "iri": self.iri,
            "label": self.label,
            "country": self.country,
            "claims": self.claims,
            "situations": self.kinds,
            "sources": list(self.sources.values()),
        }


async def make(visit: Visit) -> Sheet:
    """Return the first page. Raises the errors of kg.engine.errors."""
    data = visit.data
    kinds, learned, claims, places, circulation = await asyncio.gather(
        *(
            data.rows(name)
            for name in ("cases", "unit-learning", "claim-counts", "places", "circulation")
        )
    )
    iris = {t.value for rows in (kinds, places, circulation) for r in rows for t in r.values()}
    iris |= set(mechanisms.shown())
    names = data.names(iris)
    cases = _cases(names, kinds, learned, claims, places)
    pairs = {(r["s"].value, r["o"].value) for r in circulation}
    say = visit.say
    picture = mechanisms.draw(
        names,
        pairs,
        say("Three mechanisms and two stages"),
        say(
            "Learning, sharing and integration of knowledge feed each other; firms catch up in two"
            " stages, helped by windows of opportunity."
        ),
    )
    counts = _counts(visit)
    return Sheet(
        "home.html",
        "Catchup",
        say(
            "A knowledge graph of how latecomer firms learn: every statement stands on a claim, and"
            " every claim on a place in its source."
        ),
        {
            "cases": cases,
            "picture": picture,
            "counted": counts,
            "questions": list(catalogue().values())[:_QUESTIONS],
        },
        json=lambda: {"cases": [c.as_data() for c in cases], "counts": dict(counts)},
        table=lambda: [
            ["iri", "firm", "home country", "claims", "sources"],
            *([c.iri, c.label, c.country, c.claims, "; ".join(c.sources.values())] for c in cases),
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
    )


def _cases(
    names: Names, kinds: list[Row], learned: list[Row], claims: list[Row], places: list[Row]
) -> list[Case]:
    found: dict[str, Case] = {}
    for row in [*kinds, *learned]:
        firm = row["firm"].value
        case = found.setdefault(firm, Case(firm, names(firm), href(firm)))
        kind = row["kind"].value if "kind" in row else CU + "LearningEpisode"
        case.kinds[names(kind)] = case.kinds.get(names(kind), 0) + int(row["n"].value)
        case.sources.setdefault(row["source"].value, names(row["source"].value))
    for row in claims:
        if row["firm"].value in found:
            found[row["firm"].value].claims = int(row["n"].value)
    for row in places:
        if row["firm"].value in found:
            found[row["firm"].value].country = names(row["country"].value)
    for case in found.values():
        case.kinds = dict(sorted(case.kinds.items(), key=lambda k: (-k[1], k[0]))[:_KINDS])
    return sorted(found.values(), key=lambda c: (-c.claims, c.label))


def _counts(visit: Visit) -> list[tuple[str, int]]:
    marks = ",".join("?" * len(COUNTED))
    rows = dict(
        visit.data.index.execute(
            f"SELECT type, COUNT(DISTINCT iri) FROM types WHERE type IN ({marks}) GROUP BY type",  # noqa: S608
            [CU + kind for kind, _ in COUNTED],
        )
    )
    return [(visit.say(word), rows.get(CU + kind, 0)) for kind, word in COUNTED]
