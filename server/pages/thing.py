"""The page of anything else: what is written of it, what is said of it, what points to it."""

from __future__ import annotations

import asyncio

from catchup.kg.names import BASE, RDF, SCHEMA, SKOS
from catchup.server.pages.facts import LABEL, Facts, Term, href
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.statements import Said, Value, said_in
from catchup.server.pages.visit import Visit

#: Shown elsewhere on the page, or only as data.
_UNSHOWN = {LABEL, SKOS + "prefLabel", SCHEMA + "sameAs", SKOS + "altLabel"}
#: Statements shown in full; with more, the page would pass 100 kB.
STATEMENTS = 60
_GENID = BASE + ".well-known/genid/"


async def make(visit: Visit, iri: str) -> Sheet:
    """Return the page of a thing. Raises the errors of kg.engine.errors."""
    data = visit.data
    own, mentions, curated, incoming = await asyncio.gather(
        *(data.rows(n, it=iri) for n in ("own", "mentions-some", "curated-mentions", "incoming"))
    )
    facts = Facts({**row, "s": Term(iri, True)} for row in own)
    situations = {r["s"].value for r in [*mentions, *curated]}
    types = {t.value for t in facts.all(iri, RDF + "type")}
    asserted = (await data.rows("is-situation", it=iri)) if not situations else []
    if asserted:
        situations = {iri}
    pointing = [
        (r["p"].value, r["s"].value) for r in incoming if not r["s"].value.startswith(_GENID)
    ]
    more = facts.mentioned() | {iri} | {i for pair in pointing for i in pair}
    said = await said_in(data, situations, sorted(more))
    label = said.names(iri)
    ordered = sorted(said.claims, key=lambda s: (said.kind(s), s))
    return Sheet(
        "thing.html",
        label,
        visit.say("What the graph holds about {name}.", name=label),
        {
            "iri": iri,
            "label": label,
            "kinds": [Value(said.names(t), href(t)) for t in sorted(types) if t.startswith(BASE)],
            "also": facts.all(iri, SKOS + "altLabel"),
            "links": facts.iris(iri, SCHEMA + "sameAs"),
            "own": _own(said, facts, iri),
            "statements": [said.statement(s) for s in ordered[:STATEMENTS]],
            "more": [said.statement(s).claims for s in ordered[STATEMENTS:]],
            "incoming": _incoming(said, pointing),
        },
        json=lambda: {
            "iri": iri,
            "label": label,
            "own": {h: [v.text for v in vs] for h, vs in _own(said, facts, iri)},
            "statements": [said.as_data(s) for s in ordered],
        },
        schema={"@type": "Thing", "@id": iri, "name": label},
    )


def _own(said: Said, facts: Facts, iri: str) -> list[tuple[str, list[Value]]]:
    rows = []
    for predicate, terms in facts.of(iri).items():
        if predicate in _UNSHOWN or predicate == RDF + "type":
            continue
        shown = [
            said.value(t)
            for t in terms
            if not (t.is_iri and t.value.startswith(_GENID)) and t.value != iri
        ]
        if shown:
            rows.append((said.names(predicate), shown))
    return rows


def _incoming(said: Said, pointing: list[tuple[str, str]]) -> list[tuple[str, list[Value]]]:
    found: dict[str, list[Value]] = {}
    for predicate, subject in pointing:
        found.setdefault(predicate, []).append(Value(said.names(subject), href(subject)))
    return [(said.names(p), values) for p, values in found.items()]
