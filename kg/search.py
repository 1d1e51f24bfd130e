"""Search over names, alternative names (Chinese too), definitions and claim summaries.

The same name comes first, then names and texts with all the words (their beginnings do), slips
of the keyboard mended by the nearest words that occur. SQLite's FTS5 finds, rapidfuzz ranks;
docs/search.md has the measurements that chose them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from catchup.kg import names
from catchup.kg.standing import PARTS, locals_of, weight
from catchup.kg.text import norm, tokens

#: Rows looked at, in the order of standing; more change neither the first page nor the time much
#: (docs/search.md).
CANDIDATES = 150
#: Words of a question that are looked up; further ones are left out.
WORDS = 12
#: Corrections tried for a word that does not occur.
CORRECTIONS = 3
#: Similarity below which two names are not taken for each other.
ALIKE = 72
#: Words that say nothing about what is looked for, where there are others.
_COMMON = """a an and are as at by did do does for from had has have how in into is it its of on or
that the their there they this to was were what when where which who whom whose why with"""
COMMON = frozenset(_COMMON.split())


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
    wanted = norm(text[:400])[:200]
    if not wanted:
        return []
    found: dict[str, tuple[float, str, str]] = {}
    for score, iri, shown, field in _candidates(db, wanted, text.strip()[:400], types):
        if iri not in found or score > found[iri][0]:
            found[iri] = (score, shown, field)
    kinds = types_of(db, found)
    hits = []
    for iri, (score, shown, field) in found.items():
        own = kinds.get(iri, ())
        local = locals_of(own)
        if not set(types).intersection(own) if types else local & PARTS:
            continue
        hits.append((score + weight(local), iri, shown, field, own))
    hits.sort(key=lambda h: (-h[0], len(h[2]), h[1]))
    best = hits[:limit]
    labels = labels_of(db, [h[1] for h in best], lang)
    return [Hit(i, labels.get(i, s), own, round(n, 1), s, f) for n, i, s, f, own in best]


def by_identifier(db: sqlite3.Connection, identifier: str) -> list[str]:
    """Return the IRIs that carry `identifier` (a claim number, a DOI, a country code)."""
    return list(degrees(db, identifier))


def degrees(db: sqlite3.Connection, identifier: str) -> dict[str, bool]:
    """Return the IRIs that carry `identifier`, and whether as their own or as one that is close."""
    rows = db.execute(
        "SELECT iri, min(degree = 'close') FROM identifiers WHERE identifier = ? GROUP BY iri",
        (identifier,),
    )
    return {iri: not close for iri, close in rows}


def types_of(db: sqlite3.Connection, iris: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the asserted types of each of `iris`."""
    found: dict[str, list[str]] = {}
    for iri, kind in _in(db, "SELECT iri, type FROM types WHERE iri IN ({})", list(iris)):
        found.setdefault(iri, []).append(kind)
    return {iri: tuple(sorted(set(kinds))) for iri, kinds in found.items()}


def labels_of(db: sqlite3.Connection, iris: Sequence[str], lang: str = "en") -> dict[str, str]:
    """Return a label for each of `iris`: in `lang` where there is one, else English, else any."""
    best: dict[str, tuple[int, str]] = {}
    query = (
        "SELECT iri, field, text, lang FROM names WHERE iri IN ({}) AND field IN ('label', 'title')"
    )
    main = lang.split("-")[0]
    for iri, field, text, tag in _in(db, query, list(iris)):
        rank = (0 if tag.split("-")[0] == main else 2 if tag == "en" else 4) + (field != "label")
        if iri not in best or (rank, text) < best[iri]:
            best[iri] = (rank, text)
    return {iri: text for iri, (_, text) in best.items()}


def _candidates(
    db: sqlite3.Connection, wanted: str, text: str, types: Sequence[str]
) -> Iterable[tuple[float, str, str, str]]:
    for iri in by_identifier(db, text):
        yield 105, iri, text, "identifier"
    for space in (names.D, names.CUV, names.CU):
        iri = space + text.replace(" ", "-")
        if types_of(db, [iri]):
            yield 96, iri, text, "id"
    same = "SELECT iri, text, norm, field FROM names WHERE norm = ? LIMIT ?"
    for iri, shown, _, field in db.execute(same, (wanted, CANDIDATES)):
        yield (100 if field == "label" else 98), iri, shown, field
    meant, rows = _by_words(db, tokens(wanted).split()[:WORDS], types)
    for iri, shown, normal, field in rows:
        yield _score(wanted, meant, normal, field), iri, shown, field


def _score(wanted: str, meant: str, normal: str, field: str) -> float:
    """Return how well a name fits what was typed; `meant` is that with its slips mended."""
    alike = fuzz.ratio(wanted, normal)
    part = fuzz.token_set_ratio(meant, normal) * 0.5 + alike * 0.35
    if field in ("definition", "title"):
        return 0.6 * part
    if normal.startswith(wanted):
        part = max(part, 60 + 29 * len(wanted) / len(normal))
    if alike >= ALIKE:
        part = max(part, alike * 0.9)
    return part


def _by_words(
    db: sqlite3.Connection, typed: list[str], types: Sequence[str]
) -> tuple[str, list[tuple[str, ...]]]:
    """Return what was taken to be meant, and the rows with all its words.

    When no row has them all, the commonest is left out, and the next, until rows are found.
    """
    joined = _joined(db, typed)
    for given in filter(None, (typed, joined)):
        ways = {word: _ways(db, word) for word in dict.fromkeys(given)}
        meant = " ".join(spelt[0] if spelt else word for word, (spelt, _, _) in ways.items())
        telling = [w for w in ways if w not in COMMON] or list(ways)
        rows = _match(db, [ways[w][1] for w in telling], types)
        if rows or given is joined or not joined:
            break
    # a word that occurs nowhere says nothing; then the rarest say most
    telling = sorted((w for w in telling if ways[w][2]), key=lambda w: ways[w][2])
    if not rows and telling:
        rows = _match(db, [ways[w][1] for w in telling], types)
    while not rows and len(telling) > 1:
        telling.pop()
        rows = _match(db, [ways[w][1] for w in telling], types)
    return meant, rows


def _match(
    db: sqlite3.Connection, parts: Sequence[str], types: Sequence[str]
) -> list[tuple[str, ...]]:
    marks = ",".join("?" * len(types))
    of_type = (
        f"AND EXISTS (SELECT 1 FROM types t WHERE t.iri = n.iri AND t.type IN ({marks}))"  # noqa: S608
        if types
        else ""
    )
    # the cross join keeps FTS5 outside, whose rows come by standing: no sorting of all matches
    query = f"""SELECT n.iri, n.text, n.norm, n.field FROM words CROSS JOIN names n
        ON n.rowid = words.rowid WHERE words MATCH ? {of_type} LIMIT ?"""  # noqa: S608
    return db.execute(query, (" AND ".join(parts), *types, CANDIDATES)).fetchall()


def _ways(db: sqlite3.Connection, word: str) -> tuple[list[str], str, int]:
    """Return the corrections of a word (none needed: empty), its FTS5 expression and its rows.

    A word counts by its beginning; one that does not occur by the nearest ones that do.
    """
    short = len(word) < 2 or not word.isascii()
    if short:
        exact = db.execute("SELECT rows FROM vocabulary WHERE word = ?", (word,)).fetchone()
        return [], f'"{word}"', exact[0] if exact else 0
    query = "SELECT max(rows) FROM vocabulary WHERE word >= ? AND word < ?"
    start = _singular(word)
    count = db.execute(query, (start, start + "\U0010ffff")).fetchone()[0]
    if count:
        return [], f'"{start}"*', count
    near = _near(db, word)
    if not near:
        return [], f'"{word}"', 0
    return near, "(" + " OR ".join(f'"{n}"' for n in near) + ")", len(near)


def _singular(word: str) -> str:
    """Return the beginning that singular and plural share ("windows", "capabilities")."""
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        return word.removesuffix("ies") if word.endswith("ies") else word[:-1]
    return word


def _near(db: sqlite3.Connection, word: str) -> list[str]:
    """Return the nearest words that occur: one slip in short words, two in longer ones."""
    if len(word) < 4:
        return []
    slips = 1 if len(word) < 6 else 2
    query = "SELECT word FROM vocabulary WHERE length(word) BETWEEN ? AND ?"
    bounds = (len(word) - slips, len(word) + slips)
    # the first letter is seldom wrong; all words are read only when it is (docs/search.md)
    for more, start in ((" AND word >= ? AND word < ?", word[0]), ("", "")):
        values = (*bounds, start, start + "\U0010ffff") if start else bounds
        known = [w for (w,) in db.execute(query + more, values)]
        found = process.extract(
            word, known, scorer=OSA.distance, score_cutoff=slips, limit=CORRECTIONS
        )
        if found:
            least = found[0][1]
            return [w for w, distance, _ in found if distance == least]
    return []


def _joined(db: sqlite3.Connection, typed: list[str]) -> list[str]:
    """Return the words with two neighbours as one where only that occurs ("hik vision")."""
    known = "SELECT 1 FROM vocabulary WHERE word = ?"
    for i, (first, second) in enumerate(pairwise(typed)):
        if first.isascii() and db.execute(known, (first + second,)).fetchone():
            return [*typed[:i], first + second, *typed[i + 2 :]]
    return []


def _in(db: sqlite3.Connection, query: str, values: list[str]) -> Iterable[tuple[str, ...]]:
    for start in range(0, len(values), 500):
        some = values[start : start + 500]
        yield from db.execute(query.format(",".join("?" * len(some))), some)
