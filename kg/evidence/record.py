"""What the entries say, indexed for reading back: claims, their passages, what they speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import Where
from catchup.kg.reading.context import Context
from catchup.kg.reading.entry import Loaded, read_entry_file
from catchup.kg.reading.positions import Positions

TYPE = names.RDF + "type"
LABEL = names.RDFS + "label"


@dataclass(frozen=True)
class Passage:
    """A place in a source: `segments` are code point offsets into its text as given."""

    id: str
    source: str
    part: str
    segments: tuple[tuple[int, int], ...]
    fingerprint: str


@dataclass
class Record:
    """All statements of the entries read: values by subject and predicate, and their places."""

    values: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    graphs: dict[str, str] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions)

    def add(self, loaded: Loaded) -> None:
        """Add one entry."""
        for quad in loaded.quads:
            if isinstance(quad.subject, ox.NamedNode) and isinstance(
                quad.object, ox.NamedNode | ox.Literal
            ):
                self.values[quad.subject.value][quad.predicate.value].append(quad.object)
                self.graphs.setdefault(quad.subject.value, loaded.graph)
        self.positions.update(loaded.positions)

    def all(self, subject: str, predicate: str) -> list[str]:
        """Return the values of a property as text."""
        return [v.value for v in self.values.get(subject, {}).get(predicate, ())]

    def one(self, subject: str, predicate: str) -> str:
        """Return the first value of a property, or an empty text."""
        found = self.all(subject, predicate)
        return found[0] if found else ""

    def links(self, subject: str) -> list[tuple[str, str]]:
        """Return the properties of `subject` that lead to other nodes, with those nodes."""
        return [
            (predicate, value.value)
            for predicate, values in self.values.get(subject, {}).items()
            for value in values
            if isinstance(value, ox.NamedNode)
        ]

    def of_type(self, name: str) -> list[str]:
        """Return the nodes of the class `cu:name`, in the order of the files."""
        iri = names.CU + name
        return [s for s, own in self.values.items() if any(v.value == iri for v in own[TYPE])]

    def passages_of(self, claim: str) -> list[str]:
        """Return the passages that `claim` rests on, its context passages with them."""
        return [
            node
            for name in ("hasEvidence", "hasContextEvidence")
            for node in self.all(claim, names.CU + name)
            if names.CU + "Passage" in self.all(node, TYPE)
        ]

    def where(self, subject: str, predicate: str | None = None) -> Where:
        """Return where the statement, or its node, was written."""
        return self.positions.of(subject, predicate)

    def passage(self, node: str) -> Passage:
        """Return the passage `node` with its segments in order of place."""
        segments = [
            (int(self.one(s, names.OA + "start")), int(self.one(s, names.OA + "end")))
            for s in self.all(node, names.OA + "hasSelector")
        ]
        return Passage(
            node,
            local(self.one(node, names.OA + "hasSource")),
            local(self.one(node, names.CU + "inPart")),
            tuple(sorted(segments)),
            self.one(node, names.CU + "fingerprint"),
        )


def local(iri: str) -> str:
    """Return the name of a node without the namespace."""
    return iri.rsplit("/", 1)[-1]


def read_record(paths: Iterable[Path], context: Context) -> Record:
    """Read entries into one record. Raises InputError or SyntaxProblem for an entry that is wrong."""
    record = Record()
    for path in paths:
        record.add(read_entry_file(path, context))
    return record
