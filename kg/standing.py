"""Which things people look for first: the order in which names are stored and hits ranked."""

from __future__ import annotations

from collections.abc import Iterable

#: What people look for first: firms, then the theory, then what is said of them.
WEIGHTS = {
    "Firm": 12,
    "Unit": 8,
    "Person": 6,
    "Country": 6,
    "Document": 6,
    "Class": 4,
    "Claim": -4,
    "CitedWork": -6,
    "InTextCitation": -30,
}
#: Pieces of documents, found only when they are asked for by type.
PARTS = frozenset(
    ["Paragraph", "TableCell", "TableRow", "Heading", "ListItem", "Passage", "ReferenceEntry"]
)
_FIELDS = ("label", "altLabel", "title", "definition")


def locals_of(types: Iterable[str]) -> set[str]:
    """Return the local names of types."""
    return {t.rsplit("#")[-1].rsplit("/")[-1] for t in types}


def weight(local: set[str]) -> int:
    """Return the points that a thing has for what it is, by the local names of its types."""
    return max((w for t, w in WEIGHTS.items() if t in local), default=0, key=abs)


def standing(types: Iterable[str], field: str, normal: str) -> tuple[bool, int, int, int]:
    """Return what sorts a name among others: parts last, then weight, field and length."""
    local = locals_of(types)
    return bool(local & PARTS), -weight(local), _FIELDS.index(field), len(normal)
