"""The papers' own tables, made again from the graph."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from catchup.server.pages.data import QUERIES
from catchup.server.pages.facts import Row, Term, href
from catchup.server.pages.statements import Value
from catchup.server.pages.visit import Visit

#: Columns whose texts are lists.
_LISTS = ("people", "topics", "activities", "words", "items", "huaweiItems", "zteItems")


@dataclass
class Regenerated:
    """A table: its head, and rows of cells; a row of two cells spans all columns with the second."""

    head: list[str]
    rows: list[list[list[Value]]]

    def rows_with_head(self) -> list[list[object]]:
        """Return the table as plain rows, the head first, all of one length."""
        width = len(self.head)
        rows: list[list[object]] = []
        for row in self.rows:
            texts = ["; ".join(v.text for v in cell) for cell in row]
            rows.append([*texts, *[""] * (width - len(texts))])
        return [[*self.head], *rows]

    def as_data(self) -> list[dict[str, str]]:
        """Return the rows as plain data, keyed by the head."""
        return [
            {h: "; ".join(v.text for v in cell) for h, cell in zip(self.head, row, strict=False)}
            for row in self.rows
        ]


@cache
def of(document: str) -> tuple[str, ...]:
    """Return the names of the parts of a document that are tables we can make again."""
    found = sorted(QUERIES.glob(f"{document}-table-*.rq"))
    return tuple(f"{document}-t{path.stem.rpartition('-')[2]}" for path in found)


async def make(visit: Visit, part: str) -> Regenerated:
    """Return the table that is the part `part`. Raises the errors of kg.engine.errors."""
    document, _, number = part.rpartition("-t")
    rows = await visit.data.rows(f"{document}-table-{number}")
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "row"))
    if {"rowHead", "columnHead", "items"} <= set(columns):
        return _crossed(rows, "rowHead", "columnHead", "items")
    if {"firm", "column", "says"} <= set(columns):
        return _crossed(rows, "firm", "column", "says")
    return Regenerated(
        [_heading(c) for c in columns], [[_cell(c, row.get(c)) for c in columns] for row in rows]
    )


def _crossed(rows: list[Row], down: str, across: str, says: str) -> Regenerated:
    """Return what is given one cell a row as a table of row heads by column heads."""
    heads = list(dict.fromkeys(r[across].value for r in rows if across in r))
    lines: dict[str, dict[str, dict[Value, None]]] = {}
    for row in rows:
        line = lines.setdefault(row[down].value, {})
        cell = line.setdefault(row[across].value if across in row else "", {})
        for text in _cell(says, row[says]):
            cell[Value(text.text.replace("<->", "↔"), href(row["claim"].value))] = None
    made = []
    for name, line in lines.items():
        cells = [line[""]] if set(line) == {""} else [line.get(h, {}) for h in heads]
        made.append([[Value(name)], *(list(cell) for cell in cells)])
    return Regenerated(["", *heads], made)


def _cell(column: str, term: Term | None) -> list[Value]:
    if term is None:
        return []
    if term.is_iri:
        number = term.value.rpartition("/")[2]
        shown = number.removeprefix("c-").upper() if number.startswith("c-") else number
        return [Value(shown, href(term.value))]
    return [Value(t) for t in (term.value.split("; ") if column in _LISTS else [term.value])]


def _heading(name: str) -> str:
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in name)
    return spaced[:1].upper() + spaced[1:]
