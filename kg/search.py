"""Search over names, alternative names (Chinese too), definitions and claim summaries.

Four ways, best first: the same name, the beginning of a name, all words somewhere in a text, and
names that share trigrams with what was typed, ranked by similarity. SQLite's FTS5 and rapidfuzz do
the work; docs/search.md has the measurements that chose them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from catchup.kg import names
from catchup.kg.text import norm

#: Candidates looked at per way; more change neither the first page nor the time (docs/search.md).
CANDIDATES = 200
#: Similarity below which two names are not taken for each other.
ALIKE = 72
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
PARTS = ("Paragraph", "TableCell", "Heading", "ListItem", "Passage", "ReferenceEntry")


@dataclass(frozen=True)
class Hit:
    """One thing found: its IRI, preferred label, types, score (0 to 120) and the text that matched."""

    iri: str
    label: str
    types: tuple[str, ...]
    score: float
    matched: str
    field: str


def search(
    db: sqlite3.Connection,
    text: str,
    limit: int = 20,
    types: Sequence[str] = (),
    lang: str = "en",
) -> list[Hit]:
    """Return what `text` may mean, best first, each thing once.

    `types` (IRIs) restricts what is found; `lang` chooses the label shown.
    """
    wanted = norm(text)[:200]
    if not wanted:
        return []
    found: dict[str, tuple[float, str, str]] = {}
    for score, iri, shown, field in _candidates(db, wanted, text):
        if iri not in found or score > found[iri][0]:
            found[iri] = (score, shown, field)
    kinds = types_of(db, found)
    hits = []
    for iri, (score, shown, field) in found.items():
        own = kinds.get(iri, ())
        if types and not set(types).intersection(own):
            continue
        local = {t.rsplit("#")[-1].rsplit("/")[-1] for t in own}
        if not types and local.intersection(PARTS):
            continue
        score += max((w for t, w in WEIGHTS.items() if t in local), default=0, key=abs)
        hits.append((score, iri, shown, field, own))
    hits.sort(key=lambda h: (-h[0], len(h[2]), h[1]))
    best = hits[:limit]
    labels = labels_of(db, [h[1] for h in best], lang)
    return [Hit(i, labels.get(i, s), own, round(n, 1), s, f) for n, i, s, f, own in best]


def by_identifier(db: sqlite3.Connection, identifier: str) -> list[str]:
    """Return the IRIs that carry `identifier` (a claim number, a DOI, a country code)."""
    rows = db.execute("SELECT DISTINCT iri FROM identifiers WHERE identifier = ?", (identifier,))
    return [iri for (iri,) in rows]


def types_of(db: sqlite3.Connection, iris: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the asserted types of each of `iris`."""
    found: dict[str, list[str]] = {}
    for iri, kind in _in(db, "SELECT iri, type FROM types WHERE iri IN ({})", list(iris)):
        found.setdefault(iri, []).append(kind)
    return {iri: tuple(sorted(set(kinds))) for iri, kinds in found.items()}


def labels_of(db: sqlite3.Connection, iris: Sequence[str], lang: str = "en") -> dict[str, str]:
    """Return a label for each of `iris`: in `lang` where there is one, else English, else any."""
    best: dict[str, tuple[int, str]] = {}
    query = "SELECT iri, field, text, lang FROM names WHERE iri IN ({})"
    for iri, field, text, tag in _in(db, query, list(iris)):
        if field not in ("label", "title"):
            continue
        rank = (0 if tag.split("-")[0] == lang.split("-")[0] else 2 if tag == "en" else 4) + (
            field != "label"
        )
        if iri not in best or (rank, text) < best[iri]:
            best[iri] = (rank, text)
    return {iri: text for iri, (_, text) in best.items()}


def _candidates(
    db: sqlite3.Connection, wanted: str, text: str
) -> Iterable[tuple[float, str, str, str]]:
    columns = "SELECT n.iri, n.text, n.norm, n.field FROM names n"
    for iri in by_identifier(db, text.strip()):
        yield 105, iri, text.strip(), "identifier"
    for local in (names.D, names.CUV, names.CU):
        iri = local + text.strip().replace(" ", "-")
        if types_of(db, [iri]):
            yield 96, iri, text.strip(), "id"
    rows = db.execute(f"{columns} WHERE n.norm = ? LIMIT ?", (wanted, CANDIDATES))
    for iri, shown, _, field in rows:
        yield (100 if field == "label" else 98), iri, shown, field
    rows = db.execute(
        f"{columns} WHERE n.norm >= ? AND n.norm < ? LIMIT ?",
        (wanted, wanted + "\U0010ffff", CANDIDATES),
    )
    for iri, shown, normal, field in rows:
        near = 88 * len(wanted) / max(len(normal), 1)
        yield (60 + near / 3 if field != "definition" else 50), iri, shown, field
    words = " ".join(f'"{w}"*' for w in wanted.split())
    by_words = f"{columns} JOIN words ON words.rowid = n.rowid WHERE words MATCH ?"
    rows = db.execute(f"{by_words} ORDER BY words.rank LIMIT ?", (words, CANDIDATES))
    for iri, shown, normal, field in rows:
        part = fuzz.token_set_ratio(wanted, normal) * 0.5 + fuzz.ratio(wanted, normal) * 0.35
        yield (part if field in ("label", "altLabel") else 0.6 * part), iri, shown, field
    grams = {wanted[i : i + 3] for i in range(len(wanted) - 2)}
    if grams:
        ored = " OR ".join('"' + g.replace('"', "") + '"' for g in sorted(grams))
        by_grams = f"{columns} JOIN grams ON grams.rowid = n.rowid WHERE grams MATCH ?"
        rows = db.execute(
            f"{by_grams} AND n.field IN ('label', 'altLabel') ORDER BY grams.rank LIMIT ?",
            (ored, CANDIDATES),
        )
        for iri, shown, normal, field in rows:
            alike = fuzz.ratio(wanted, normal)
            if alike >= ALIKE:
                yield alike * 0.9, iri, shown, field
    # a slip in a short name leaves no trigram whole: names of like length and the same beginning
    rows = db.execute(
        f"{columns} WHERE n.norm >= ? AND n.norm < ? AND length(n.norm) BETWEEN ? AND ?"
        " AND n.field IN ('label', 'altLabel') LIMIT 5000",
        (wanted[0], wanted[0] + "\U0010ffff", len(wanted) - 2, len(wanted) + 2),
    )
    for iri, shown, normal, field in rows:
        alike = fuzz.ratio(wanted, normal)
        if alike >= ALIKE:
            yield alike * 0.85, iri, shown, field


def _in(db: sqlite3.Connection, query: str, values: list[str]) -> Iterable[tuple[str, ...]]:
    for start in range(0, len(values), 500):
        some = values[start : start + 500]
        yield from db.execute(query.format(",".join("?" * len(some))), some)
