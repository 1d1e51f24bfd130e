"""The table of a comparison: cases by dimensions, each value with its claims.

Silence is told apart from denial: a cell without values means that no source says anything; a value
that is `denied` means that a source says it was not so (a negative statement, something lacked, a
failure).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from catchup.kg import search
from catchup.kg.compare.ask import Row
from catchup.kg.compare.dimensions import Dimension
from catchup.kg.names import CU, CUV, RDF

State = Literal["said", "denied", "silent"]
#: Values that say that something did not come about.
FAILED = {CUV + "failure"}
#: Directions that a knowledge flow can have; its other types say nothing here.
_FLOWS = {"ReverseFlow", "DownwardFlow", "HorizontalFlow"}


@dataclass(frozen=True, order=True)
class Mention:
    """A claim that a value rests on."""

    number: str
    iri: str
    #: asserted without hedge, condition or norm
    plain: bool


@dataclass
class Value:
    """What stands in a cell. `iri` is "" for a text; `units` are the units told of, not the firm."""

    iri: str
    text: str
    #: the source says that it was not so
    denied: bool
    claims: list[Mention]
    units: list[str] = field(default_factory=list)

    @property
    def hedged(self) -> bool:
        """Whether no claim simply asserts it."""
        return not any(c.plain for c in self.claims)


@dataclass
class Cell:
    """What the sources say of one case in one row."""

    values: list[Value] = field(default_factory=list)

    @property
    def state(self) -> State:
        """Whether something is said, only denied, or nothing is said."""
        if not self.values:
            return "silent"
        return "denied" if all(v.denied or v.iri in FAILED for v in self.values) else "said"


@dataclass
class Line:
    """A row: a dimension, or one measure or proposition of it (`part`, an IRI)."""

    dimension: Dimension
    part: str
    part_label: str
    cells: list[Cell]

    @property
    def label(self) -> str:
        """What the row is about."""
        own = self.dimension.label
        return f"{own}: {self.part_label}" if self.part else own

    @property
    def key(self) -> str:
        """The row's name in addresses."""
        return self.dimension.key + (":" + self.part.rpartition("/")[2] if self.part else "")

    @property
    def equal(self) -> bool:
        """Whether all cases say the same."""
        said = {tuple((v.iri or v.text, v.denied) for v in cell.values) for cell in self.cells}
        return len(said) == 1

    @property
    def silent(self) -> bool:
        """Whether no source says anything of any case."""
        return all(cell.state == "silent" for cell in self.cells)


@dataclass
class Comparison:
    """Cases by rows."""

    cases: list[str]
    labels: list[str]
    lines: list[Line]
    snapshot: str = ""

    @property
    def hash(self) -> str:
        """A hash of what is compared: cases, rows, values, claims; not of languages or order."""
        content = sorted(
            [line.key, case, v.iri or v.text, v.denied, sorted(c.number for c in v.claims)]
            for line in self.lines
            for case, cell in zip(self.cases, line.cells, strict=True)
            for v in cell.values
        )
        plain = json.dumps([sorted(self.cases), content], separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    def as_data(self) -> dict[str, Any]:
        """Return the comparison as plain data for JSON."""
        return {
            "hash": self.hash,
            "snapshot": self.snapshot,
            "cases": [{"iri": i, "label": t} for i, t in zip(self.cases, self.labels, strict=True)],
            "rows": [
                {
                    "key": line.key,
                    "dimension": line.dimension.key,
                    "label": line.label,
                    "equal": line.equal,
                    "cells": [_cell_data(cell) for cell in line.cells],
                }
                for line in self.lines
            ],
        }


def _cell_data(cell: Cell) -> dict[str, Any]:
    return {
        "state": cell.state,
        "values": [
            {
                "iri": v.iri or None,
                "text": v.text,
                "denied": v.denied,
                "hedged": v.hedged,
                "claims": [c.number for c in v.claims],
                **({"units": v.units} if v.units else {}),
            }
            for v in cell.values
        ],
    }


class _Situations:
    """Facts by situation, and which case each tells of."""

    def __init__(self, found: Mapping[str, Sequence[Row]]) -> None:
        self.of: dict[str, dict[str, list[tuple[str, bool]]]] = {}
        self.told: dict[str, dict[str, str]] = {}
        for row in found["facts"]:
            s, p, o = (row[n].value for n in "spo")
            value = row["kind"].value if "kind" in row else o
            values = self.of.setdefault(s, {}).setdefault(p, [])
            if (value, row["o"].is_iri) not in values:
                values.append((value, row["o"].is_iri))
            unit = row["unit"].value if "unit" in row else ""
            own = self.told.setdefault(row["case"].value, {})
            # What is told of the firm itself is not told of a unit alone.
            own[s] = unit if own.get(s, unit) else ""
        self.types = {
            s: {v.removeprefix(CU) for v, _ in own.get(RDF + "type", ())}
            for s, own in self.of.items()
        }
        forces: dict[tuple[str, str], set[str]] = {}
        held: dict[str, dict[str, tuple[str, str]]] = {}
        for row in found["claims"]:
            if row["rank"].value == CUV + "deprecated":
                continue
            s, claim = row["s"].value, row["claim"].value
            held.setdefault(s, {})[claim] = (row["number"].value, claim)
            force = row["force"].value if "force" in row else CUV + "put"
            forces.setdefault((s, claim), set()).add(force)
        self.claims = {
            s: sorted(
                Mention(number, iri, forces[s, iri] == {CUV + "asserted"})
                for number, iri in claims.values()
            )
            for s, claims in held.items()
        }
        self.years: dict[str, str] = {}
        for row in found["years"]:
            years = [row[n].value for n in ("start", "end") if n in row]
            if years:
                self.years[row["s"].value] = "–".join(dict.fromkeys(years))

    def iris(self, situation: str, name: str) -> list[str]:
        """Return the values of a property (a local name) that are IRIs."""
        return [v for v, is_iri in self.of[situation].get(CU + name, []) if is_iri]

    def values(self, situation: str, dimension: Dimension) -> list[tuple[str, bool]]:
        """Return what a situation says in a dimension: (value, whether an IRI)."""
        types = self.types[situation]
        if dimension.types and types.isdisjoint(dimension.types):
            return []
        own = self.of[situation]
        if dimension.key == "flows":
            return [(CU + t, True) for t in sorted(types & _FLOWS)]
        if dimension.types == ("PlainStatement",):
            predicates = {CU + p for p in dimension.properties}
            if predicates.isdisjoint(self.iris(situation, "stPredicate")):
                return []
            return own.get(CU + "stObject", []) + own.get(CU + "stValue", [])
        return [v for p in dimension.properties for v in own.get(CU + p, ())]

    def denied(self, situation: str, dimension: Dimension) -> bool:
        """Return whether a situation says that something is not so."""
        return dimension.denies or CUV + "negative" in self.iris(situation, "polarity")


def compare(
    cases: Sequence[str],
    wanted: Iterable[Dimension],
    found: Mapping[str, Sequence[Row]],
    index: sqlite3.Connection,
    lang: str = "en",
    snapshot: str = "",
) -> Comparison:
    """Return the comparison of `cases` (IRIs), from the rows of ask.requests by name.

    Labels come from the index, in `lang` where there are any.
    """
    told = _Situations(found)
    raw: list[tuple[Dimension, str, list[Cell]]] = []
    for dimension in wanted:
        parts: dict[str, list[Cell]] = {}
        for column, case in enumerate(cases):
            for s, unit in sorted(told.told.get(case, {}).items()):
                if not told.claims.get(s):
                    continue
                keys = told.iris(s, dimension.per) if dimension.per else [""]
                for value, is_iri in told.values(s, dimension):
                    for key in keys:
                        row = parts.setdefault(key, [Cell() for _ in cases])
                        _add(row[column], told, s, unit, value, is_iri, dimension)
        if not parts and not dimension.per:
            parts[""] = [Cell() for _ in cases]
        raw += [(dimension, key, parts[key]) for key in sorted(parts)]
    return _labelled(cases, raw, index, lang, snapshot)


def _add(
    cell: Cell, told: _Situations, s: str, unit: str, value: str, is_iri: bool, dimension: Dimension
) -> None:
    text = "" if is_iri else value
    if dimension.key == "figures":
        base = [b.rpartition("/")[2] for b in told.iris(s, "ofWhat")]
        text = value + (f" ({told.years[s]})" if s in told.years else "")
        text += f" [{', '.join(base)}]" if base else ""
    denied = told.denied(s, dimension)
    same = next(
        (
            v
            for v in cell.values
            if (v.iri or v.text, v.denied) == (value if is_iri else text, denied)
        ),
        None,
    )
    if same is None:
        same = Value(value if is_iri else "", text, denied, [], [unit] if unit else [])
        cell.values.append(same)
    elif not unit:
        same.units.clear()
    same.claims = sorted({*same.claims, *told.claims[s]})


def _labelled(
    cases: Sequence[str],
    raw: Sequence[tuple[Dimension, str, list[Cell]]],
    index: sqlite3.Connection,
    lang: str,
    snapshot: str,
) -> Comparison:
    values = [v for _, _, cells in raw for cell in cells for v in cell.values]
    mentioned = {*cases, *(v.iri for v in values), *(u for v in values for u in v.units)}
    mentioned |= {part for _, part, _ in raw}
    labels = search.labels_of(index, sorted(mentioned - {""}), lang)

    def name(iri: str) -> str:
        return labels.get(iri) or iri.rpartition("/")[2]

    for value in values:
        value.text = value.text or name(value.iri)
        value.units = [name(u) for u in value.units]
    for _, _, cells in raw:
        for cell in cells:
            cell.values.sort(key=lambda v: (v.denied, v.text.casefold()))
    lines = [
        Line(d, part, _part_name(part, name(part)) if part else "", cells) for d, part, cells in raw
    ]
    return Comparison(list(cases), [name(c) for c in cases], lines, snapshot)


def _part_name(part: str, label: str) -> str:
    local = part.rpartition("/")[2]
    return f"{local}, {label}" if local[:1].isupper() else label
