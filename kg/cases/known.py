"""What the graph knows already, asked of the index and never of the graph itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rapidfuzz.distance import OSA

from catchup.kg import names
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import read_manifest
from catchup.kg.text import norm, tokens

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
#: The longest that names carry beside their core.
GENERIC_WORDS = " technologies international company limited"
#: How many names with the same words are compared, and ids of one beginning; 2,000 take 1 ms.
MOST = 2000
#: How many spellings of a word are tried.
SPELLINGS = 20


@dataclass(frozen=True)
class Candidate:
    """An entity that a new one might be: its IRI, the name that is alike, and whether equal."""

    iri: str
    name: str
    equal: bool


def core(normal: str) -> str:
    """Return what `norm` gave without what firms' names carry or drop at will."""
    text = normal
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

    def alike(self, name: str, but: str = "", kinds: Iterable[str] = ()) -> list[Candidate]:
        """Return nodes outside graph `but` whose names are probably the same as `name`.

        `kinds` (classes) restricts which. Asked of the full-text index, so that the time hardly
        grows with the graph: 3 ms at 1 million triples, where comparing all names with the same
        beginning took 100.
        """
        whole, part = norm(name), core(norm(name))
        if not part:
            return []
        wanted = tuple(kinds)
        found: dict[str, Candidate] = {}
        for iri, text, known in self._with_words(whole, part, but, wanted):
            if not iri.startswith(names.D) and "/id/" not in iri:
                continue
            equal = known == whole
            if (equal or _same(core(known), part)) and (iri not in found or equal):
                found[iri] = Candidate(iri, text, equal)
        return sorted(found.values(), key=lambda c: (not c.equal, c.iri))

    def _with_words(
        self, whole: str, part: str, but: str, kinds: Sequence[str]
    ) -> Iterable[tuple[str, ...]]:
        """Yield the names that have the words of `part`, one of them perhaps with a slip."""
        words = tokens(part).split()
        spelt = [self._spellings(word) for word in words]
        ways = [[*words[:i], s, *words[i + 1 :]] for i, ss in enumerate(spelt) for s in ss]
        ways += [[*words[:i], a + b, *words[i + 2 :]] for i, (a, b) in enumerate(pairwise(words))]
        clauses = [" AND ".join(f'"{w}"' for w in way) for way in (words, *ways)]
        marks = ",".join("?" * len(kinds))
        of_kind = (
            f"AND EXISTS (SELECT 1 FROM types t WHERE t.iri = n.iri AND t.type IN ({marks}))"  # noqa: S608
            if kinds
            else ""
        )
        rest = f"""n.field IN ('label', 'altLabel') AND n.graph <> ? {of_kind} LIMIT ?"""
        equal = f"SELECT n.iri, n.text, n.norm FROM names n WHERE n.norm = ? AND {rest}"  # noqa: S608
        yield from self._rows(equal, (whole, but, *kinds, MOST))
        match = f"""SELECT n.iri, n.text, n.norm FROM words CROSS JOIN names n
            ON n.rowid = words.rowid WHERE words MATCH ? AND length(n.norm) <= ? AND {rest}"""  # noqa: S608
        for clause in clauses:
            values = (clause, len(part) + len(GENERIC_WORDS), but, *kinds, MOST)
            yield from self._rows(match, values)

    def _spellings(self, word: str) -> list[str]:
        """Return the words that occur and differ from `word` by a slip; the first letter is right."""
        if len(word) < 4 or not word.isascii() or not word.isalpha():
            return []
        query = (
            "SELECT word FROM vocabulary WHERE word >= ? AND word < ?"
            " AND length(word) BETWEEN ? AND ?"
        )
        values = (word[0], word[0] + "\U0010ffff", len(word) - 1, len(word) + 1)
        known = [w for (w,) in self._rows(query, values) if w != word]
        return [w for w in known if OSA.distance(w, word, score_cutoff=1) <= 1][:SPELLINGS]

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


def _same(one: str, other: str) -> bool:
    """Tell whether two cores are equal but for a slip: one letter in those of five or more."""
    if one == other:
        return True
    shortest = min(len(one), len(other))
    if shortest < 5 or any(c.isdigit() for c in one + other):
        return False
    return bool(OSA.distance(one, other, score_cutoff=1) <= 1)
