"""A truth table for qualitative comparative analysis (crisp sets), from a comparison.

A condition is one value of one row, such as `channels:hostCountry`. A case has it (1) when a source
says so and lacks it (0) when a source says it does not; where no source says anything it is unknown,
unless silence is taken for absence, which is the analyst's choice and is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Literal

from catchup.kg.compare.table import Comparison, Line
from catchup.kg.compare.told import Value
from catchup.kg.errors import InputError, Where
from catchup.kg.names import CUV

Member = Literal["1", "0", "-"]
#: A value that denies another: who failed did not succeed.
_CONTRARY = {CUV + "success": CUV + "failure", CUV + "failure": CUV + "success"}
#: More conditions than this leave each case alone in its row (2 to the power of 5 combinations).
USUAL = 5


@dataclass(frozen=True)
class Condition:
    """A value of a row that a case can have or lack."""

    key: str
    label: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Configuration:
    """A row of the truth table: the cases that agree in all conditions."""

    members: tuple[Member, ...]
    cases: tuple[str, ...]
    positive: int
    negative: int

    @property
    def consistency(self) -> float | None:
        """The share of its cases, of those with a known outcome, that have the outcome."""
        known = self.positive + self.negative
        return self.positive / known if known else None


@dataclass(frozen=True)
class TruthTable:
    """Conditions, the outcome, each case's membership, and the combinations that occur."""

    conditions: tuple[Condition, ...]
    outcome: Condition
    labels: tuple[str, ...]
    rows: tuple[Configuration, ...]
    undetermined: tuple[str, ...]
    silence_absent: bool

    def grid(self) -> list[list[str]]:
        """Return the truth table as rows of text, the head first."""
        head = [*(c.key for c in self.conditions), "cases", "outcome 1", "outcome 0", "consistency"]
        lines = [
            [
                *row.members,
                "; ".join(row.cases),
                str(row.positive),
                str(row.negative),
                "" if row.consistency is None else f"{row.consistency:.2f}",
            ]
            for row in self.rows
        ]
        return [head, *lines]

    def as_data(self) -> dict[str, Any]:
        """Return the truth table as plain data for JSON."""
        return {
            "outcome": self.outcome.key,
            "silence": "absent" if self.silence_absent else "unknown",
            "cases": [
                {
                    "label": label,
                    "conditions": {c.key: c.members[n] for c in self.conditions},
                    "outcome": self.outcome.members[n],
                }
                for n, label in enumerate(self.labels)
            ],
            "rows": [
                {
                    "conditions": dict(
                        zip((c.key for c in self.conditions), r.members, strict=True)
                    ),
                    "cases": list(r.cases),
                    "outcome1": r.positive,
                    "outcome0": r.negative,
                    "consistency": r.consistency,
                }
                for r in self.rows
            ],
            "undetermined": list(self.undetermined),
        }


def offered(comparison: Comparison) -> list[Condition]:
    """Return every condition that a comparison offers: each value that some case has."""
    found: dict[str, Condition] = {}
    for line in comparison.lines:
        said = [{v.iri for v in cell.values if not v.denied} for cell in line.cells]
        denied = [{v.iri for v in cell.values if v.denied} for cell in line.cells]
        for value in (v for cell in line.cells for v in cell.values if v.iri):
            key = _key(line, value)
            if key not in found:
                members = tuple(map(partial(_member, value.iri), said, denied))
                found[key] = Condition(key, f"{line.label}: {value.text}", members)
    return list(found.values())


def truth_table(
    comparison: Comparison, conditions: Sequence[str], outcome: str, silence_absent: bool
) -> TruthTable:
    """Return the truth table of some conditions for an outcome (keys of `offered`).

    Without conditions those are taken that divide the cases most evenly. Raises InputError for a
    key that the comparison does not offer.
    """
    known = {c.key: c for c in offered(comparison)}
    for key in (*conditions, outcome):
        if key not in known:
            raise InputError(
                f"No case of this comparison has '{key[:80]}'.",
                where=Where(field="condition"),
                remedy="Choose among the values that its cells hold.",
            )
    chosen = [known[k] for k in conditions] or _dividing(list(known.values()), outcome)
    result = known[outcome]
    full = [tuple(_shown(c.members[n], silence_absent) for c in chosen) for n in _cases(comparison)]
    order = sorted(_cases(comparison), key=lambda n: (full[n], comparison.labels[n]), reverse=True)
    rows, left = [], []
    for members, group in groupby(order, key=lambda n: full[n]):
        alike = sorted(group)
        if "-" in members:
            left += alike
            continue
        results = [_shown(result.members[n], False) for n in alike]
        labels = tuple(comparison.labels[n] for n in alike)
        rows.append(Configuration(members, labels, results.count("1"), results.count("0")))
    return TruthTable(
        tuple(chosen),
        result,
        tuple(comparison.labels),
        tuple(rows),
        tuple(comparison.labels[n] for n in sorted(left)),
        silence_absent,
    )


def _cases(comparison: Comparison) -> range:
    return range(len(comparison.cases))


def _dividing(known: list[Condition], outcome: str) -> list[Condition]:
    row = outcome.split(":", maxsplit=1)[0]
    candidates = [c for c in known if not c.key.startswith(row + ":") and len(set(c.members)) > 1]
    half = len(known[0].members) / 2 if known else 0
    candidates.sort(key=lambda c: (abs(c.members.count("1") - half), c.key))
    distinct: dict[tuple[Member, ...], Condition] = {}
    for candidate in candidates:
        distinct.setdefault(candidate.members, candidate)
    return list(distinct.values())[: USUAL - 1]


def _key(line: Line, value: Value) -> str:
    return f"{line.key}:{value.iri.rpartition('/')[2]}"


def _member(iri: str, said: set[str], denied: set[str]) -> Member:
    if iri in said:
        return "1"
    return "0" if iri in denied or _CONTRARY.get(iri) in said else "-"


def _shown(member: Member, silence_absent: bool) -> Member:
    return "0" if member == "-" and silence_absent else member
