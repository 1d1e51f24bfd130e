"""Checks of the mapping tables: form, check digits, doubles, false friends; online the items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rapidfuzz import fuzz

from catchup.kg.errors import Problem
from catchup.kg.linking.digits import wrong
from catchup.kg.linking.entities import Entity
from catchup.kg.linking.sssom import SAME, FalseFriend, MappingSet, Match
from catchup.kg.linking.wikidata import Item
from catchup.kg.text import norm

#: Names less alike than this are reported: "BT Group" and "British Telecoms" reach it by aliases.
ALIKE = 75
#: Words of which one stands in the label of a class that a thing of ours may be an instance of.
#: Words, not item numbers: an item number in code is believed and never looked at again.
CLASSES: dict[str, tuple[str, ...]] = {
    "Firm": ("business", "company", "enterprise", "corporation", "conglomerate", "manufacturer",
             "firm", "automaker", "operator", "brand"),
    "University": ("university", "college", "school", "institute"),
    "Country": ("country", "state"),
    "City": ("city", "town", "municipality", "metropolis"),
    "Region": ("region", "continent", "area", "territory"),
    "Person": ("human", "person"),
    "Organization": ("organization", "organisation", "club", "team", "association"),
}  # fmt: skip


def offline(sets: Sequence[MappingSet], friends: Iterable[FalseFriend]) -> list[Problem]:
    """Return what can be found wrong without asking anybody."""
    rows = [r for s in sets for r in s.rows if r.found]
    found = [p for s in sets for p in s.problems]
    found += [Problem(w, r.where, _MEND) for r in rows if (w := wrong(r.scheme, r.local))]
    found += _doubles(rows)
    false = {(f.subject_id, f.object_id): f.reason for f in friends}
    for row in rows:
        reason = false.get((row.subject_id, row.object_id))
        if reason is not None:
            detail = f"{row.object_id} is a false friend of {row.subject_id}: {reason}"
            found.append(Problem(detail, row.where, "Remove the row."))
    return found


def not_checked(sets: Iterable[MappingSet]) -> list[str]:
    """Return in words what `offline` cannot know."""
    rows = [r for s in sets for r in s.rows if r.found]
    items = len({r.object_id for r in rows if r.scheme == "wd"})
    others = len({r.object_id for r in rows}) - items
    return [
        f"whether the {items} Wikidata items still exist and are not redirected",
        f"whether the {items} items agree with ours on type, country and name",
        f"whether the {others} identifiers of other schemes are still in use",
    ]


def online(
    sets: Iterable[MappingSet], entities: Mapping[str, Entity], items: Mapping[str, Item]
) -> list[Problem]:
    """Return where the items that `items` describes disagree with ours.

    An item that is absent from `items` was not asked for; one without statements is gone.
    """
    return [
        problem
        for row in wikidata_rows(sets)
        if row.local in items
        for problem in _compare(row, items[row.local], entities.get(row.subject_id))
    ]


def wikidata_rows(sets: Iterable[MappingSet]) -> list[Match]:
    """Return the matches with items of Wikidata."""
    return [r for s in sets for r in s.rows if r.found and r.scheme == "wd"]


def alike(ours: Iterable[str], theirs: Iterable[str]) -> float:
    """Return how alike two sets of names are at best, 0 to 100."""
    theirs = [norm(t) for t in theirs]
    pairs = ((norm(o), t) for o in ours for t in theirs if t)
    return max((_ratio(o, t) for o, t in pairs if o), default=0.0)


def fits(types: Iterable[str], classes: Iterable[str]) -> bool | None:
    """Return whether the labels of classes fit types of ours; None when that cannot be said."""
    words = [w for t in types for w in CLASSES.get(t, ())]
    labels = [c.casefold() for c in classes if c]
    if not words or not labels:
        return None
    return any(w in label for w in words for label in labels)


_MEND = "Look the id up again; do not mend it by guessing."


def _ratio(one: str, other: str) -> float:
    return max(fuzz.ratio(one, other), 0.95 * fuzz.token_set_ratio(one, other))


def _doubles(rows: Iterable[Match]) -> Iterator[Problem]:
    by_object: dict[str, list[Match]] = defaultdict(list)
    by_subject: dict[tuple[str, str], list[Match]] = defaultdict(list)
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        key = (row.subject_id, row.predicate_id, row.object_id)
        if key in seen:
            yield Problem(f"The row on {row.object_id} stands twice.", row.where, "Remove one.")
            continue
        seen.add(key)
        if row.predicate_id == SAME:
            by_object[row.object_id].append(row)
            by_subject[row.subject_id, row.scheme].append(row)
    for target, group in by_object.items():
        for row in group[1:]:
            detail = f"{target} is said to be {group[0].subject_id} and {row.subject_id}."
            yield Problem(detail, row.where, "One thing has one id: keep one of the two.")
    for (subject, scheme), group in by_subject.items():
        if scheme in ("wd", "ror", "lei"):
            for row in group[1:]:
                detail = f"{subject} is said to be {group[0].object_id} and {row.object_id}."
                yield Problem(detail, row.where, "Keep one, or say rdfs:seeAlso.")


def _compare(row: Match, item: Item, ours: Entity | None) -> Iterator[Problem]:
    if item.redirect:
        detail = f"{row.object_id} is redirected to wd:{item.redirect}."
        yield Problem(detail, row.where, f"Write wd:{item.redirect}.")
        return
    if not item.exists:
        yield Problem(f"{row.object_id} does not exist.", row.where, "Remove the row.")
        return
    if ours is None:
        return
    if fits(ours.types, item.labels_of("P31")) is False:
        said = ", ".join(sorted(item.labels_of("P31")))
        detail = f"{row.object_id} is an instance of {said}; {row.subject_id} is none of these."
        yield Problem(detail, row.where, "Look at both.", "warning")
    countries = item.items_of("P17")
    known = {c.links["wd"] for c in ours.countries if "wd" in c.links}
    if countries and known and not countries & known and row.predicate_id == SAME:
        said = ", ".join(sorted(item.labels_of("P17") or countries))
        mine = ", ".join(sorted(c.label for c in ours.countries))
        detail = f"{row.object_id} is of {said}; {row.subject_id} is of {mine}."
        yield Problem(detail, row.where, "Look at both.", "warning")
    if item.names and alike(ours.names, item.names) < ALIKE:
        detail = f"{row.object_id} is called '{item.label}'; {row.subject_id} '{ours.label}'."
        yield Problem(detail, row.where, "Look at both.", "warning")
