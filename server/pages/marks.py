"""How a claim is marked wherever it is shown: its number, and what kind of evidence it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from markupsafe import escape

from catchup.kg.names import CUV
from catchup.server.pages.facts import Names, Row, href

#: The order in which marks stand; what none of these says is the plain case and has no mark.
_FORCES = ("hedged", "conditional", "normative")
_VOICES = {"informant": "informant", "citedWork": "second-hand", "curators": "curators"}
_KINDS = ("opinion", "assumption", "recommendation", "futureResearch", "literatureReview")


@dataclass(frozen=True)
class ClaimMark:
    """A claim as it is linked to: `marks` are (style, text) of its hedge, voice and kind."""

    iri: str
    number: str
    label: str
    source: str
    marks: tuple[tuple[str, str], ...]
    curated: bool
    asserted: bool

    @property
    def href(self) -> str:
        """The address of the claim's page."""
        return href(self.iri)

    @cached_property
    def markup(self) -> str:
        """The link to the claim with its marks as HTML: a page shows a claim in several places."""
        marks = [f' <b class="{escape(style)}">{escape(text)}</b>' for style, text in self.marks]
        return f'<a class="c" href="{escape(self.href)}">{escape(self.number)}</a>{"".join(marks)}'


def claim_marks(rows: Iterable[Row], names: Names) -> dict[str, list[ClaimMark]]:
    """Return the claims of each situation, in the order of their numbers (query claims-on)."""
    seen: dict[tuple[str, str], Row] = {}
    forces: dict[str, set[str]] = {}
    for row in rows:
        claim = row["claim"].value
        seen.setdefault((row["s"].value, claim), row)
        if "force" in row:
            forces.setdefault(claim, set()).add(row["force"].value.removeprefix(CUV))
    found: dict[str, list[ClaimMark]] = {}
    for (situation, claim), row in sorted(seen.items(), key=lambda e: e[1]["number"].value):
        mark = _mark(claim, row, forces.get(claim, set()), names)
        found.setdefault(situation, []).append(mark)
    return found


def _mark(claim: str, row: Row, forces: set[str], names: Names) -> ClaimMark:
    marks = [("hedge", names(CUV + f)) for f in _FORCES if f in forces]
    voice = row["voice"].value.removeprefix(CUV)
    if voice in _VOICES:
        marks.append((_VOICES[voice], names(CUV + voice)))
    kind = row["kind"].value.removeprefix(CUV)
    if kind in _KINDS:
        marks.append(("kind", names(CUV + kind)))
    if row["rank"].value == CUV + "deprecated":
        marks.append(("deprecated", names(CUV + "deprecated")))
    return ClaimMark(
        iri=claim,
        number=row["number"].value,
        label=row["label"].value,
        source=row["source"].value if "source" in row else "",
        marks=tuple(marks),
        curated=voice == "curators",
        asserted=not forces - {"asserted"},
    )


def claims_as_data(claims: Iterable[ClaimMark]) -> list[dict[str, object]]:
    """Return claims as plain data for JSON."""
    return [
        {"claim": c.number, "iri": c.iri, "says": c.label, "marks": [m for _, m in c.marks]}
        for c in claims
    ]
