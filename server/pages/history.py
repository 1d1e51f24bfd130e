"""What versions a claim had: from the record of the curated claims, or from the kept case."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from catchup.kg import history, settings
from catchup.kg.cases.journal import Journal, Version
from catchup.kg.names import CU, RDF, RDFS, SKOS
from catchup.server.pages.facts import Names
from catchup.server.pages.visit import Visit

#: Versions of a case that are read for a page, the newest.
_MOST = 20
#: Keys of the authoring format that are not named like a property of ours.
_NAMED = {"label": "the words", "asserts": "what it says as data", "evidence": "the place",
          "contextEvidence": "the context", "note": "the curators' note"}  # fmt: skip
_PATHS = {RDFS + "label": "label", SKOS + "editorialNote": "note", CU + "hasEvidence": "evidence",
          CU + "hasContextEvidence": "contextEvidence"}  # fmt: skip

Triples = Mapping[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Step:
    """A version of a claim: when, by whom, what happened, and its words then if they changed."""

    at: str
    by: str
    what: str
    words: str = ""


async def of(visit: Visit, iri: str, number: str, words: str, names: Names) -> list[Step]:
    """Return the versions of a claim, newest first; none where nothing is recorded."""
    case = _case(visit, iri)
    if case:
        home = visit.services.config.home or settings.home()
        return await asyncio.to_thread(_entered, visit, Journal(home), case, iri)
    steps: list[Step] = []
    last = ""
    for version in history.recorded().get(number, ()):
        said = version.label if version.label != last else ""
        what = _what(visit, version.changed, names) if steps else visit.say("first version")
        steps.append(Step(_minute(version.at), "", what, said))
        last = version.label
    # A label that is not recorded came too close to the source's own words.
    if steps and last not in ("", words):
        steps.append(Step("", "", visit.say("changed since the record was made"), words))
    return steps[::-1]


def _case(visit: Visit, iri: str) -> str:
    """Return the id of the case that a claim was entered with, "" for a curated claim."""
    row = visit.data.index.execute(
        "SELECT graph FROM identifiers WHERE iri = ? LIMIT 1", (iri,)
    ).fetchone()
    return str(row[0]).partition("/graph/case-")[2] if row else ""


def _entered(visit: Visit, journal: Journal, case: str, iri: str) -> list[Step]:
    steps: list[Step] = []
    before: Triples | None = None
    last = ""
    # What is pending is shown to its author alone, at /cases.
    for version in [v for v in journal.versions(case) if v.state != "pending"][-_MOST:]:
        now = _about(journal, version, iri)
        what = visit.say(version.state)
        if now and before is None:
            what = visit.say("entered")
        elif now and before is not None:
            changed = _changed(iri, before, now)
            what = _what(visit, changed, Names({})) if changed else visit.say("not changed")
        said = next((o for p, o in now.get(iri, ()) if p == RDFS + "label"), "")
        steps.append(
            Step(_minute(version.at), version.orcid or version.agent, what, said if said != last else "")
        )  # fmt: skip
        before, last = now or None, said or last
    return steps[::-1]


def _about(journal: Journal, version: Version, iri: str) -> Triples:
    """Return what a version says of a claim: its node and the nodes below it, claims apart."""
    held: dict[str, set[tuple[str, str]]] = {}
    nodes: dict[str, set[str]] = {}
    for quad in ox.parse(journal.quads(version), format=ox.RdfFormat.N_QUADS):
        s, o = str(quad.subject.value), str(quad.object.value)
        held.setdefault(s, set()).add((quad.predicate.value, o))
        if isinstance(quad.object, ox.NamedNode):
            nodes.setdefault(s, set()).add(o)
    found: dict[str, frozenset[tuple[str, str]]] = {}
    todo = [iri]
    while todo:
        s = todo.pop()
        is_claim = (RDF + "type", CU + "Claim") in held.get(s, ())
        if s in held and s not in found and (s == iri or not is_claim):
            found[s] = frozenset(held[s])
            todo += nodes.get(s, ())
    return found


def _changed(iri: str, before: Triples, now: Triples) -> tuple[str, ...]:
    own = before.get(iri, frozenset()) ^ now.get(iri, frozenset())
    keys = {_PATHS.get(p, p.removeprefix(CU)) for p, _ in own}
    if any(before.get(s) != now.get(s) for s in (before.keys() | now.keys()) - {iri}):
        keys.add("asserts")
    return tuple(sorted(keys))


def _what(visit: Visit, changed: tuple[str, ...], names: Names) -> str:
    words = [visit.say(_NAMED[k]) if k in _NAMED else names(CU + k) for k in changed]
    return visit.say("changed: {what}", what=", ".join(words))


def _minute(at: str) -> str:
    """Return a time to the minute, as ISO 8601 has it."""
    return at[:16].replace("T", " ") + (" UTC" if at.endswith(("Z", "+00:00")) else at[19:])
