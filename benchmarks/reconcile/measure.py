"""The measure itself: each name of the list put to the service's own matching."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from catchup.kg import names
from catchup.kg.catalogue import declared
from catchup.kg.engine.model import Request
from catchup.kg.engine.sync import Engine
from catchup.kg.linking.properties import PROPERTIES, read_values, values_query
from catchup.kg.linking.reconcile import Candidate, Matcher, weigh
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import NAME, read_manifest

NAMES = Path(__file__).with_name("names.tsv")
#: Hard names, written by somebody who had not looked at how matching works.
FRESH = Path(__file__).with_name("fresh.tsv")


@dataclass(frozen=True)
class Row:
    """A name, its context, the id it means ("" where nothing in the graph is meant), its kind."""

    name: str
    type: str
    country: str
    expected: str
    kind: str


@dataclass(frozen=True)
class Outcome:
    """What came of a name: the ids found, best first, and the one that was claimed."""

    row: Row
    found: tuple[str, ...]
    claimed: str


@dataclass(frozen=True)
class Figures:
    """Precision of claimed matches; recall of claims, of the best and of the first five."""

    names: int
    precision: float
    claimed: float
    first: float
    five: float


def read_names(path: Path = NAMES) -> list[Row]:
    """Return the list of names."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file, delimiter="\t")]


def outcomes(home: Path, rows: Sequence[Row]) -> list[Outcome]:
    """Return what comes of each name on the snapshot in `home`."""
    manifest = read_manifest(home)
    assert manifest is not None, f"nothing is built in {home}"
    matcher = Matcher(open_index(home / manifest.index))
    with Engine(home / NAME) as engine:
        return [outcome(matcher, row, engine_values(engine)) for row in rows]


Values = Callable[[list[str]], dict[tuple[str, str], list[str]]]


def engine_values(engine: Engine) -> Values:
    """Return a function that gives the countries of things."""

    def values(iris: list[str]) -> dict[tuple[str, str], list[str]]:
        if not iris:
            return {}
        wanted = [PROPERTIES["country"]]
        answer = engine.query(Request(declared(values_query(iris, wanted))))
        found = read_values(json.loads(answer.body), wanted)
        return {key: [n for v in some for n in v.names()] for key, some in found.items()}

    return values


def outcome(matcher: Matcher, row: Row, values: Values) -> Outcome:
    """Return what comes of one name."""
    candidates = matcher.find(row.name, (row.type,) if row.type else ())[:10]
    wanted = {"country": [row.country]} if row.country else {}
    hinted = bool(wanted) or any(c.hint for c in candidates)
    known = values([c.iri for c in candidates]) if hinted else {}
    weighed: list[Candidate] = weigh(candidates, wanted, known)
    found = tuple(c.iri.removeprefix(names.BASE) for c in weighed)
    claimed = [c.iri.removeprefix(names.BASE) for c in weighed if c.match]
    return Outcome(row, found, claimed[0] if claimed else "")


def figures(found: Sequence[Outcome]) -> Figures:
    """Return precision and recall over outcomes."""
    meant = [o for o in found if o.row.expected]
    claims = [o for o in found if o.claimed]
    right = sum(o.claimed == o.row.expected for o in claims)

    def share(count: int, of: int) -> float:
        return count / of if of else 1.0

    return Figures(
        len(found),
        share(right, len(claims)),
        share(sum(o.claimed == o.row.expected for o in meant), len(meant)),
        share(sum(o.found[:1] == (o.row.expected,) for o in meant), len(meant)),
        share(sum(o.row.expected in o.found[:5] for o in meant), len(meant)),
    )
