"""What the sources say of one case: its situations, and the cells of a comparison made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

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


class Told:
    """The situations that tell of one case, from the rows of ask.rows_of."""

    def __init__(self, found: Mapping[str, Sequence[Row]]) -> None:
        self._units: dict[str, str] = {}
        for row in found["told"]:
            s, unit = row["s"].value, row["unit"].value if "unit" in row else ""
            # What is told of the firm itself is not told of a unit alone.
            self._units[s] = unit if self._units.get(s, unit) else ""
        self._of: dict[str, dict[str, list[tuple[str, bool]]]] = {}
        for row in found["facts"]:
            s, p, o = (row[n].value for n in "spo")
            value = row["kind"].value if "kind" in row else o
            values = self._of.setdefault(s, {}).setdefault(p, [])
            if (value, row["o"].is_iri) not in values:
                values.append((value, row["o"].is_iri))
        self._types = {
            s: {v.removeprefix(CU) for v, _ in own.get(RDF + "type", ())}
            for s, own in self._of.items()
        }
        self._claims = _claims(found["claims"])
        self._years: dict[str, str] = {}
        for row in found["years"]:
            years = [row[n].value for n in ("start", "end") if n in row]
            if not years and "printed" in row:
                years = [row["printed"].value]
            if years:
                self._years[row["s"].value] = "–".join(dict.fromkeys(years))
        self._by_type: dict[str, list[str]] = {"": sorted(self._claims.keys() & self._of.keys())}
        for s in self._by_type[""]:
            for kind in self._types[s]:
                self._by_type.setdefault(kind, []).append(s)
        self._cells: dict[str, dict[str, Cell]] = {}

    def cells(self, dimension: Dimension) -> dict[str, Cell]:
        """Return the cells of the case in a dimension, by part ("" where it is not split).

        What stands in them is named by IRIs; a text is given for literals only.
        """
        made = self._cells.get(dimension.key)
        if made is None:
            made = self._cells[dimension.key] = {}
            for s in self._candidates(dimension):
                for key in self._iris(s, dimension.per) if dimension.per else [""]:
                    for value, is_iri in self._values(s, dimension):
                        cell = made.setdefault(key, Cell())
                        self._add(cell, s, self._units[s], value, is_iri, dimension)
        return made

    def _candidates(self, dimension: Dimension) -> list[str]:
        """Return the claimed situations of the types that a dimension reads."""
        found = [self._by_type.get(kind, []) for kind in dimension.types or ("",)]
        return found[0] if len(found) == 1 else sorted(set().union(*found))

    def _add(
        self, cell: Cell, s: str, unit: str, value: str, is_iri: bool, dimension: Dimension
    ) -> None:
        text = "" if is_iri else value
        if dimension.key == "figures":
            base = [b.rpartition("/")[2] for b in self._iris(s, "ofWhat")]
            text = value + (f" ({self._years[s]})" if s in self._years else "")
            text += f" [{', '.join(base)}]" if base else ""
        denied = dimension.denies or CUV + "negative" in self._iris(s, "polarity")
        named = (value if is_iri else text, denied)
        same = next((v for v in cell.values if (v.iri or v.text, v.denied) == named), None)
        if same is None:
            same = Value(value if is_iri else "", text, denied, [], [unit] if unit else [])
            cell.values.append(same)
        elif not unit:
            same.units.clear()
        same.claims = sorted({*same.claims, *self._claims[s]})

    def _iris(self, situation: str, name: str) -> list[str]:
        """Return the values of a property (a local name) that are IRIs."""
        return [v for v, is_iri in self._of[situation].get(CU + name, []) if is_iri]

    def _values(self, situation: str, dimension: Dimension) -> list[tuple[str, bool]]:
        """Return what a situation says in a dimension: (value, whether an IRI)."""
        own = self._of[situation]
        if dimension.key == "flows":
            return [(CU + t, True) for t in sorted(self._types[situation] & _FLOWS)]
        if dimension.types == ("PlainStatement",):
            predicates = {CU + p for p in dimension.properties}
            if predicates.isdisjoint(self._iris(situation, "stPredicate")):
                return []
            return own.get(CU + "stObject", []) + own.get(CU + "stValue", [])
        return [v for p in dimension.properties for v in own.get(CU + p, ())]


def _claims(rows: Sequence[Row]) -> dict[str, list[Mention]]:
    """Return the claims of each situation, deprecated ones left out."""
    forces: dict[tuple[str, str], set[str]] = {}
    held: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["rank"].value == CUV + "deprecated":
            continue
        s, claim = row["s"].value, row["claim"].value
        held.setdefault(s, {})[claim] = row["number"].value
        force = row["force"].value if "force" in row else CUV + "put"
        forces.setdefault((s, claim), set()).add(force)
    return {
        s: sorted(
            Mention(number, iri, forces[s, iri] == {CUV + "asserted"})
            for iri, number in claims.items()
        )
        for s, claims in held.items()
    }
