"""Matching names as they stand in tables with the entities and concepts of the graph.

A name is compared with every name of every entity: as written, without legal forms, and by
likeness. Context (type, country, industry ...) raises or lowers a candidate. `match` is claimed
only where a wrong match is next to impossible; benchmarks/reconcile measures what that means.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from catchup.kg import names
from catchup.kg.linking.spelling import bracketed, core, identifier, simplified, squeezed, turned
from catchup.kg.search import degrees, labels_of
from catchup.kg.text import norm

#: Types that tables are matched against, by local name, the most usual first.
TYPES = (
    "Firm", "Unit", "Subsidiary", "Headquarters", "Department", "JointVenture", "BusinessGroup",
    "Brand", "University", "GovernmentBody", "Organization", "Person", "Country", "Region", "City",
    "MarketGroup", "Product", "Technology", "Standard", "Policy", "Programme", "Publication",
    "Register", "Industry", "Concept", "Document", "CitedWork",
)  # fmt: skip
#: What holds of a thing of a type in the first place too.
_BROADER = {
    "EmergingMarket": "Country", "DevelopedMarket": "Country", "Subsidiary": "Unit",
    "Headquarters": "Unit", "RegionalHeadquarters": "Headquarters", "Department": "Unit",
}  # fmt: skip
#: Likeness below which a name is no candidate.
ALIKE = 70.0
#: Likeness and length from which one slip of the keyboard is taken for the name itself: below
#: eight letters a slip makes other names ("Haier" and "Hair").
SURE, SURE_LENGTH = 90.0, 8
#: Letters from which a name without its blanks and dashes is still that name: "E.D.G.E." is none.
_LETTERS = 5
#: What an identifier of something close is worth: found, but never claimed.
_CLOSE = 85.0
#: Names that are compared by likeness at once; exact ones are found however many there are.
_NEAREST = 60
#: How much a context that agrees, disagrees, or a type that does not fit is worth.
_AGREES, _DISAGREES, _UNFIT = 4.0, 30.0, 40.0


class _Add(Protocol):
    """Takes a candidate."""

    def __call__(self, iri: str, score: float, exact: bool, hint: str = "") -> None: ...


@dataclass(frozen=True)
class Known:
    """One name of one thing."""

    iri: str
    text: str
    field: str


@dataclass
class Candidate:
    """A thing that a name may mean, with the features its score is made of."""

    iri: str
    name: str
    types: tuple[str, ...]
    score: float
    exact: bool
    features: dict[str, float | bool] = field(default_factory=dict)
    match: bool = False
    disagrees: bool = False
    hint: str = ""


class Matcher:
    """The names of one snapshot, ready to be compared with."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.types = _types(db)
        self._names: list[Known] = []
        self._by_norm: dict[str, list[Known]] = {}
        self._by_core: dict[str, list[Known]] = {}
        self._by_letters: dict[str, list[Known]] = {}
        self._by_words: dict[str, list[Known]] = {}
        query = "SELECT iri, text, field FROM names WHERE field IN ('label', 'altLabel', 'title')"
        for iri, text, field_ in db.execute(query):
            if iri in self.types:
                known = Known(iri, text, field_)
                self._names.append(known)
                self._by_norm.setdefault(norm(text), []).append(known)
                self._by_core.setdefault(core(text), []).append(known)
                self._by_letters.setdefault(squeezed(text), []).append(known)
                if "Person" in self.types[iri]:
                    self._by_words.setdefault(turned(text), []).append(known)
        self._norms = [norm(k.text) for k in self._names]
        self._cores = [core(k.text) for k in self._names]

    def labels(self, iris: Sequence[str], lang: str) -> dict[str, str]:
        """Return the label of each thing in a language."""
        return labels_of(self._db, iris, lang)

    def find(self, text: str, types: Sequence[str] = (), lang: str = "en") -> list[Candidate]:
        """Return what `text` may mean, best first, before context is looked at.

        `types` are local names; what has none of them stays, far down, and is never a match.
        """
        found: dict[str, tuple[float, bool, str]] = {}

        def add(iri: str, score: float, exact: bool, hint: str = "") -> None:
            if iri in self.types and score > found.get(iri, (0.0, False, ""))[0]:
                found[iri] = (score, exact, hint)

        stripped = simplified(text.strip())
        for iri, same in degrees(self._db, identifier(stripped)).items():
            # two letters are a country only for who asks for countries: PT is a firm, too
            add(iri, 100 if same else _CLOSE, same and (len(stripped) > 4 or bool(types)))
        for space in (names.BASE, names.D, names.CUV, ""):
            add(space + stripped, 100, True)
        plain, inner = bracketed(stripped)
        self._exact(stripped, 100, add)
        if plain != stripped:
            self._exact(plain, 94, add, inner)
        self._like(plain, add)
        shown = self.labels(list(found), lang)
        candidates = [
            Candidate(iri, shown.get(iri, iri), self.types[iri], score, exact, hint=hint)
            for iri, (score, exact, hint) in found.items()
        ]
        for one in candidates:
            one.features["name"] = round(one.score, 1)
            if types:
                fit = bool(set(types).intersection(one.types))
                one.features["type"] = fit
                if not fit:
                    one.score -= _UNFIT
                    one.exact = False
        return sorted(candidates, key=lambda c: (-c.score, len(c.name), c.iri))

    def suggest(self, prefix: str, limit: int, offset: int = 0, lang: str = "en") -> list[str]:
        """Return the things with a name that begins with `prefix`, then those with such a word."""
        wanted = norm(prefix)
        ranks: dict[str, tuple[int, int, str]] = {}
        for iri in (names.BASE + prefix.strip(), names.D + prefix.strip(), prefix.strip()):
            if iri in self.types:
                ranks[iri] = (-1, 0, "")
        for known, normal in zip(self._names, self._norms, strict=True):
            begins = normal.startswith(wanted)
            if begins or f" {wanted}" in normal:
                kind = self.types[known.iri]
                order = next((i for i, t in enumerate(TYPES) if t in kind), len(TYPES))
                rank = (0 if normal == wanted else 1 if begins else 2, order, normal)
                ranks[known.iri] = min(ranks.get(known.iri, rank), rank)
        return sorted(ranks, key=lambda i: ranks[i])[offset : offset + limit]

    def _exact(self, text: str, best: float, add: _Add, hint: str = "") -> None:
        for known in self._by_norm.get(norm(text), ()):
            add(known.iri, best if known.field == "label" else best - 1, True, hint)
        for known in self._by_core.get(core(text), ()):
            add(known.iri, best - 3, True, hint)
        letters = squeezed(text)
        for known in self._by_letters.get(letters, ()):
            add(known.iri, best - 4, len(letters) >= _LETTERS, hint)
        for known in self._by_words.get(turned(text), ()):
            add(known.iri, best - 4, True, hint)

    def _like(self, text: str, add: _Add) -> None:
        wanted = core(text)
        if not wanted:
            return
        near = process.extract(
            wanted, self._cores, scorer=fuzz.ratio, limit=_NEAREST, score_cutoff=ALIKE
        )
        for other, alike, place in near:
            slips = DamerauLevenshtein.distance(wanted, other)
            sure = alike >= SURE and slips == 1 and min(len(wanted), len(other)) >= SURE_LENGTH
            sure = sure and not _differ_in_number(wanted, other)
            add(self._names[place].iri, alike * 0.92, sure)
        parts = process.extract(
            wanted, self._cores, scorer=fuzz.token_set_ratio, limit=_NEAREST, score_cutoff=95
        )
        for other, _, place in parts:
            share = min(len(wanted), len(other)) / max(len(wanted), len(other))
            if len(other) > 2:
                add(self._names[place].iri, 50 + 35 * share, False)


def weigh(
    candidates: Iterable[Candidate],
    wanted: Mapping[str, Sequence[str]],
    values: Mapping[tuple[str, str], Sequence[str]],
    required: Sequence[str] = (),
) -> list[Candidate]:
    """Return the candidates with their context weighed, best first, and the safe match marked.

    `wanted` gives the values that the table has for a property; `values` the names and ids of what
    the graph has, by thing and property. What the graph does not know counts neither way, except
    that a `required` property must agree.
    """
    kept = []
    for one in candidates:
        for property_, given in wanted.items():
            known = [norm(v) for v in values.get((one.iri, property_), ())]
            if not known:
                if property_ in required:
                    break
                continue
            agrees = any(norm(v) in known for v in given)
            one.features[property_] = agrees
            one.score += _AGREES if agrees else -_DISAGREES
            one.disagrees = one.disagrees or not agrees
            if not agrees and property_ in required:
                break
        else:
            hinted = [norm(v) for v in values.get((one.iri, "country"), ())]
            if one.hint and norm(one.hint) not in hinted:
                # brackets that say something which the graph does not: a unit, another firm
                one.exact = False
            kept.append(one)
    for one in kept:
        one.score = round(min(max(one.score, 0), 100), 1)
    kept.sort(key=lambda c: (-c.score, len(c.name), c.iri))
    exact = [c for c in kept if c.exact and not c.disagrees]
    if len(exact) > 1:
        # one that the context confirms stands out among namesakes
        agreeing = [c for c in exact if any(c.features.get(p) is True for p in wanted)]
        best = [c for c in exact if c.score >= exact[0].score - 0.1]
        exact = agreeing if len(agreeing) == 1 else best
    if len(exact) == 1 and exact[0] is kept[0]:
        exact[0].match = True
    return kept


def _types(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return the types of all things that can be matched, by local name, broader ones added."""
    graphs = [names.graph_iri(g) for g in ("entities", "vocab", "bibliography")]
    found: dict[str, set[str]] = {}
    rows = db.execute(
        "SELECT iri, type FROM types WHERE graph IN (?, ?, ?) OR graph LIKE ?",
        (*graphs, names.graph_iri("case-") + "%"),
    )
    concepts = {names.SKOS + "Concept"}
    for iri, kind in rows:
        if kind.startswith(names.CU) or kind in concepts:
            local = kind.rsplit("#")[-1].rsplit("/")[-1]
            own = found.setdefault(iri, set())
            while local:
                own.add(local)
                local = _BROADER.get(local, "")
        if iri.startswith(names.CUV):
            found.setdefault(iri, set()).add("Concept")
    found = {i: own for i, own in found.items() if "ConceptScheme" not in own}
    return {
        iri: tuple(t for t in TYPES if t in own)
        for iri, own in found.items()
        if own.intersection(TYPES)
    }


def _differ_in_number(one: str, other: str) -> bool:
    """Return whether two names differ in a digit: 2.5G is not a slip for 2.75G, nor 1999 for 1998."""
    return [c for c in one if c.isdigit()] != [c for c in other if c.isdigit()]
