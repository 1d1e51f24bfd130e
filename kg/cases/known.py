"""What the graph knows already, asked of the index and never of the graph itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import OSA

from catchup.kg import names
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import read_manifest
from catchup.kg.text import norm

#: Words that firms' names carry or drop at will.
GENERIC = frozenset(
    [
        "co",
        "company",
        "companies",
        "corp",
        "corporation",
        "inc",
        "incorporated",
        "ltd",
        "limited",
        "llc",
        "plc",
        "gmbh",
        "ag",
        "sa",
        "nv",
        "ab",
        "group",
        "holding",
        "holdings",
        "technologies",
        "technology",
        "tech",
        "international",
        "electronics",
        "the",
        "and",
    ]
)
GENERIC_CJK = ("股份有限公司", "有限公司", "集团", "公司", "股份", "控股", "技术", "科技")
#: Graphs of what follows; a case under revision is there too, without its name.
DERIVED = {names.graph_iri(p + c) for p in ("direct", "inferred") for c in ("", "-curation")}
#: How many rows of one beginning are compared; 2,000 take 1 ms.
MOST = 2000


@dataclass(frozen=True)
class Candidate:
    """An entity that a new one might be: its IRI, the name that is alike, and whether equal."""

    iri: str
    name: str
    equal: bool


def core(name: str) -> str:
    """Return `name` normalised, without what firms' names carry or drop at will."""
    text = norm(name)
    for word in GENERIC_CJK:
        text = text.replace(word, "")
    kept = [w for w in text.split() if w not in GENERIC]
    return " ".join(kept) or text


class Known:
    """Look-ups in the index of a snapshot; without a snapshot nothing is known."""

    def __init__(self, db: sqlite3.Connection | None) -> None:
        self.db = db

    @classmethod
    def at(cls, home: Path) -> Known:
        """Open the index of the snapshot in `home`, if one was built."""
        manifest = read_manifest(home)
        if manifest is None or not (home / manifest.index).is_file():
            return cls(None)
        db = open_index(home / manifest.index)
        db.execute("PRAGMA temp_store = MEMORY")
        return cls(db)

    def types(self, iris: Iterable[str], but: str = "") -> dict[str, set[str]]:
        """Return the classes of those of `iris` that the graph describes outside graph `but`."""
        found: dict[str, set[str]] = {}
        wanted = sorted(set(iris))
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            query = f"SELECT iri, type, graph FROM types WHERE iri IN ({marks})"  # noqa: S608
            for iri, kind, graph in self._rows(query, some):
                if graph != but and graph not in DERIVED:
                    found.setdefault(iri, set()).add(kind)
        return found

    def holders(self, identifier: str, but: str = "") -> list[str]:
        """Return the nodes outside graph `but` that have `identifier`."""
        query = "SELECT DISTINCT iri FROM identifiers WHERE identifier = ? AND graph <> ?"
        return sorted(iri for (iri,) in self._rows(query, (identifier, but)))

    def names_of(self, iri: str) -> list[str]:
        """Return the names of a node."""
        query = "SELECT text FROM names WHERE iri = ? AND field IN ('label', 'altLabel')"
        return [text for (text,) in self._rows(query, (iri,))]

    def alike(self, name: str, but: str = "") -> list[Candidate]:
        """Return entities outside graph `but` whose names are probably the same as `name`."""
        whole, part = norm(name), core(name)
        if not part:
            return []
        start = part[:2]
        query = (
            "SELECT iri, text, norm FROM names WHERE norm >= ? AND norm < ? AND graph <> ? "
            "AND field IN ('label', 'altLabel') LIMIT ?"
        )
        rows = self._rows(query, (start, start + "\U0010ffff", but, MOST))
        found: dict[str, Candidate] = {}
        for iri, text, known in rows:
            if not iri.startswith(names.D) and "/id/" not in iri:
                continue
            equal = known == whole
            if equal or core(text) == part or _slip(core(text), part):
                if iri not in found or equal:
                    found[iri] = Candidate(iri, text, equal)
        return sorted(found.values(), key=lambda c: (not c.equal, c.iri))

    def nearest_ids(self, iri: str, limit: int = 3) -> list[str]:
        """Return nodes whose id or name is near the last part of `iri`."""
        local = iri.rsplit("/", 1)[-1]
        words = local.replace("-", " ").replace("_", " ")
        query = "SELECT DISTINCT iri FROM types WHERE iri >= ? AND iri < ? LIMIT ?"
        start = iri[: len(iri) - len(local)] + local[:2]
        rows = self._rows(query, (start, start + "\U0010ffff", MOST))
        near = [
            (OSA.normalized_similarity(local, other.rsplit("/", 1)[-1]), other) for (other,) in rows
        ]
        close = [other for score, other in sorted(near, reverse=True) if score >= 0.6][:limit]
        return list(dict.fromkeys([*(c.iri for c in self.alike(words)), *close]))[:limit]

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[str, ...]]:
        if self.db is None:
            return []
        return list(self.db.execute(query, values))


def _slip(one: str, other: str) -> bool:
    """Tell whether two names differ by a slip of the pen: one letter in names of five or more."""
    shortest = min(len(one), len(other))
    if shortest < 5 or any(c.isdigit() for c in one + other):
        return False
    return bool(OSA.distance(one, other, score_cutoff=1) <= 1)
