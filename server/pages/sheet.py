"""What a page is made of, before it is HTML, JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catchup.server.pages.visit import Visit

Table = Sequence[Sequence[object]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Download:
    """A form in which what a page shows can be taken away."""

    href: str
    media_type: str
    label: str


@dataclass
class Sheet:
    """A page: a template with what it shows, and the same as data.

    `json` gives what is served under the page's address with .json, `table` (rows, the head first)
    what is served with .csv; neither is made for the page itself.
    `schema` is its description in schema.org terms; `crumbs` are (label, address) of what is above.
    """

    template: str
    title: str
    description: str
    context: dict[str, Any] = field(default_factory=dict)
    crumbs: Sequence[tuple[str, str]] = ()
    json: Callable[[], Any] | None = None
    table: Callable[[], Table] | None = None
    #: other forms: extension -> (media type, what makes the bytes)
    files: Mapping[str, tuple[str, Callable[[], bytes]]] = field(default_factory=dict)
    downloads: Sequence[Download] = ()
    schema: dict[str, Any] | None = None
    #: the address to name for this page where it has several
    canonical: str = ""


Maker = Callable[[Visit], Awaitable[Sheet]]


def csv_of(table: Table) -> bytes:
    """Return rows as CSV (RFC 4180); no cell can be taken for a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in table:
        writer.writerow([_cell(c) for c in row])
    return out.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    numeric = text.lstrip("+-").replace(".", "", 1).isdigit()
    return "'" + text if text.startswith(_FORMULA) and not numeric else text
