"""One proposition: who puts it, who holds what of it, and how cases bear on it."""

from __future__ import annotations

import asyncio

from catchup.kg.names import RDF, SKOS
from catchup.server.pages.facts import LABEL, Facts, Term, href
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.statements import Value, said_in
from catchup.server.pages.visit import Visit


async def make(visit: Visit, iri: str) -> Sheet:
    """Return the page of a proposition. Raises the errors of kg.engine.errors."""
    data = visit.data
    own, stances, puts = await asyncio.gather(
        data.rows("own", it=iri), data.rows("stances", it=iri), data.rows("put-by-one", it=iri)
    )
    facts = Facts({**row, "s": Term(iri, True)} for row in own)
    put = [r["claim"].value for r in puts]
    said = await said_in(
        data, {r["s"].value for r in stances}, sorted({*facts.mentioned(), iri, *put})
    )
    label = said.names(iri)
    number = facts.one(iri, SKOS + "notation")
    bearings = list(said.of_type("CaseBearing"))
    others = [s for s in said.claims if s not in bearings]
    bearings.sort(key=lambda s: (said.facts.one(s, "bearing"), said.facts.one(s, "ofCase")))
    context = {
        "iri": iri,
        "label": label,
        "number": number,
        "kind": [said.value(t) for t in facts.all(iri, "propositionKind")],
        "own": [
            (said.names(p), [said.value(t) for t in terms])
            for p, terms in facts.of(iri).items()
            if p not in (LABEL, RDF + "type", SKOS + "notation")
            and not p.endswith("propositionKind")
        ],
        "puts": [
            (r["number"].value, Value(said.names(r["claim"].value), href(r["claim"].value)))
            for r in puts
        ],
        "bearings": [
            (said.values(s, "ofCase"), said.values(s, "bearing"), said.claims[s]) for s in bearings
        ],
        "statements": [said.statement(s) for s in others],
    }
    return Sheet(
        "proposition.html",
        f"{number}: {label}" if number else label,
        visit.say("A proposition, who puts it, and the cases that bear on it."),
        context,
        crumbs=[(visit.say("Propositions"), "/propositions")],
        json=lambda: {
            "iri": iri,
            "number": number,
            "says": label,
            "statements": [said.as_data(s) for s in said.claims],
        },
        schema={"@type": "Claim", "@id": iri, "name": number or label, "text": label},
    )
