"""The table of a comparison: cases by dimensions, each value with its claims.

Silence is told apart from denial: a cell without values means that no source says anything; a value
that is `denied` means that a source says it was not so (a negative statement, something lacked, a
failure).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catchup.kg import search
from catchup.kg.compare.dimensions import Dimension
from catchup.kg.compare.told import Cell, Told, Value

_SILENT = Cell()


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


def compare(
    told: Mapping[str, Told],
    wanted: Iterable[Dimension],
    index: sqlite3.Connection,
    lang: str = "en",
    snapshot: str = "",
) -> Comparison:
    """Return the comparison of cases, given what is told of each by its IRI, in their order.

    Labels come from the index, in `lang` where there are any.
    """
    raw: list[tuple[Dimension, str, list[Cell]]] = []
    for dimension in wanted:
        columns = [case.cells(dimension) for case in told.values()]
        parts = sorted({part for column in columns for part in column})
        if not parts and not dimension.per:
            parts = [""]
        raw += [(dimension, p, [column.get(p, _SILENT) for column in columns]) for p in parts]
    values = [v for _, _, cells in raw for cell in cells for v in cell.values]
    mentioned = {*told, *(v.iri for v in values), *(u for v in values for u in v.units)}
    mentioned |= {part for _, part, _ in raw}
    labels = search.labels_of(index, sorted(mentioned - {""}), lang)

    def name(iri: str) -> str:
        return labels.get(iri) or iri.rpartition("/")[2]

    def labelled(cell: Cell) -> Cell:
        named = [
            Value(v.iri, v.text or name(v.iri), v.denied, v.claims, [name(u) for u in v.units])
            for v in cell.values
        ]
        return Cell(sorted(named, key=lambda v: (v.denied, v.text.casefold())))

    lines = [
        Line(d, part, _part_name(part, name(part)) if part else "", [labelled(c) for c in cells])
        for d, part, cells in raw
    ]
    return Comparison(list(told), [name(c) for c in told], lines, snapshot)


def _part_name(part: str, label: str) -> str:
    local = part.rpartition("/")[2]
    return f"{local}, {label}" if local[:1].isupper() else label
