"""Where in a file each statement was written, so that every later message can point there."""

from __future__ import annotations

from dataclasses import dataclass, field

from catchup.kg.errors import Where


@dataclass
class Positions:
    """Places of nodes and of their properties, by IRI."""

    nodes: dict[str, Where] = field(default_factory=dict)
    fields: dict[tuple[str, str], Where] = field(default_factory=dict)

    def add(self, subject: str, predicate: str | None, where: Where) -> None:
        """Record where `subject` (or its `predicate`) stands; the first place wins."""
        if predicate is None:
            self.nodes.setdefault(subject, where)
        else:
            self.fields.setdefault((subject, predicate), where)

    def of(self, subject: str, predicate: str | None = None) -> Where:
        """Return the place of the statement, else of its node, else an empty place."""
        if predicate is not None and (subject, predicate) in self.fields:
            return self.fields[subject, predicate]
        return self.nodes.get(subject, Where())

    def update(self, other: Positions) -> None:
        """Add the places of another file."""
        for subject, where in other.nodes.items():
            self.nodes.setdefault(subject, where)
        for key, where in other.fields.items():
            self.fields.setdefault(key, where)
