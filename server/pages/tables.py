"""Sections of a page as tables over situations: which kinds, which columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from catchup.kg.names import CU
from catchup.server.pages.facts import href
from catchup.server.pages.marks import ClaimMark
from catchup.server.pages.statements import Said, Value
from catchup.server.pages.values import figure_text, years_of

Cell = Callable[[Said, str], list[Value]]


@dataclass(frozen=True)
class Column:
    """A column: its heading and what stands in it for a situation."""

    heading: str
    cell: Cell


@dataclass
class Table:
    """A table ready to be shown: rows are (situation, cells, claims)."""

    headings: list[str]
    rows: list[tuple[str, list[list[Value]], list[ClaimMark]]] = field(default_factory=list)


def of(heading: str, *predicates: str) -> Column:
    """Return a column of the values of some predicates."""
    return Column(heading, lambda said, s: said.values(s, *predicates))


def _when(said: Said, situation: str) -> list[Value]:
    text = said.periods(situation)
    return [Value(text)] if text else []


def _kind(said: Said, situation: str) -> list[Value]:
    iri = said.kind(situation)
    return [Value(said.names(iri), f"/ontology/{iri.removeprefix(CU)}.html")]


def _figure(said: Said, situation: str) -> list[Value]:
    return [Value(figure_text(said.facts, said.names, situation, said.lang))]


def _direction(said: Said, situation: str) -> list[Value]:
    types = said.facts.types(situation)
    kinds = [t for t in ("ReverseFlow", "DownwardFlow", "HorizontalFlow") if t in types]
    return [Value(said.names(CU + t), f"/ontology/{t}.html") for t in kinds]


def _short(said: Said, situation: str) -> list[Value]:
    return [Value(c.label, lang="en") for c in said.claims[situation][:1]]


SHORT = Column("In short", _short)
WHEN = Column("When", _when)
WHAT = Column("What", _kind)
EVENTS = (
    "Event", "CorporateEvent", "PolicyAct", "TechnologyIntroduction", "Acquisition", "Divestiture",
    "ProductListing",
)  # fmt: skip

#: The sections of a firm's page that are tables: key, heading, kinds of situation, columns.
SECTIONS: tuple[tuple[str, str, tuple[str, ...], tuple[Column, ...]], ...] = (
    ("events", "Events", EVENTS, (
        WHEN, WHAT, of("Who", "actor"),
        of("With or of what", "acquired", "divested", "soldTo", "partner", "customer", "founded",
           "resultingUnit", "product", "technology", "listedIn", "venture", "policy", "label"),
        of("Where", "place", "targetMarket"),
        of("Outcome", "hasOutcome", "resultsIn"), SHORT,
    )),
    ("learning", "What it learned", ("LearningEpisode",), (
        of("Learner", "hasLearner"),
        of("Way of learning", "viaChannel", "usesSource", "viaPath", "keyIdea", "usesActivity"),
        of("From", "learnsFrom"),
        of("Capability built", "resultsInCapability", "resultsIn", "knowledgeKind"),
        WHEN,
    )),
    ("flows", "Knowledge flows", ("KnowledgeFlow",), (
        of("From", "fromUnit"), of("as", "fromRole"), of("To", "toUnit"), of("as", "toRole"),
        Column("Direction", _direction), of("Carries", "carries"),
    )),
    ("integration", "Integration", ("IntegrationActivity",), (
        of("Step", "hasStep"), of("Tier", "atTier"), of("Path", "byResourcePath"),
        of("What is integrated", "integrates", "divested", "acquired", "topic", "purpose"), WHEN,
    )),
    ("stages", "Stages of catching up", ("CatchUpMove",), (
        of("Stage", "atStage"), of("Innovation", "innovationType", "product"),
        of("Source, window, strategy", "usesSource", "exploitsWindow", "followsStrategy",
           "makesAsymmetryMove", "drawsOnResource", "searchWay", "facesTrap"),
        of("Market", "targetMarket", "place"), WHEN, SHORT,
    )),
    ("ventures", "Going abroad", ("InternationalisationEpisode",), (
        WHEN, of("Where", "place", "targetMarket"), of("Outcome", "hasOutcome"),
        of("What was lacking", "lacked"), of("Through", "throughEvent", "venture"), SHORT,
    )),
    ("practices", "Management practices", ("PracticeAdoption",), (
        of("Who", "actor"), of("Practice", "adoptsPractice"), of("From", "adoptedFrom"),
        of("Path", "viaPath"), WHEN,
    )),
    ("figures", "Figures", ("Figure",), (
        of("Of", "figureOf"), of("Measure", "measure"), of("of what", "ofWhat"),
        Column("Value", _figure), of("relative to", "relativeTo"), WHEN,
    )),
)  # fmt: skip


def table(
    said: Said, columns: Sequence[Column], situations: Iterable[str], say: Callable[[str], str],
    about: str,
) -> Table:  # fmt: skip
    """Return a table of situations; columns that say nothing beyond what the page is about go."""
    listed = list(situations)
    made = [[c.cell(said, s) for c in columns] for s in listed]
    itself = [Value(said.names(about), href(about))]
    used = [n for n in range(len(columns)) if any(cells[n] not in ([], itself) for cells in made)]
    out = Table([say(columns[n].heading) for n in used])
    for situation, cells in zip(listed, made, strict=True):
        out.rows.append((situation, [cells[n] for n in used], said.claims[situation]))
    return out


def by_time(said: Said, situations: Iterable[str]) -> list[str]:
    """Return situations in the order of time, the undated last."""

    def key(situation: str) -> tuple[int, int, str]:
        years = [years_of(said.facts, p) for p in said.facts.iris(situation, "period", "beganIn")]
        known = [y for y in years if y]
        return (*(known[0] if known else (9999, 9999)), situation)

    return sorted(situations, key=key)
