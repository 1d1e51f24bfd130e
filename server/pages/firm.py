"""A firm's or unit's page: who it is, its units and flows, events, what it learned, figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from markupsafe import Markup

from catchup.kg.names import CU, CUV, SCHEMA, SKOS
from catchup.server.pages.draw import hub, learning, timeline
from catchup.server.pages.facts import Facts, Term, href
from catchup.server.pages.marks import ClaimMark
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.statements import Said, Value, said_in
from catchup.server.pages.tables import EVENTS, SECTIONS, Table, by_time, table
from catchup.server.pages.values import years_of
from catchup.server.pages.visit import Visit

#: Properties that have a name for the other direction.
_INVERSE = {CU + "unitOf": CU + "hasUnit"}
#: Ways of learning, the most telling first: a drawing shows one per episode.
_WAYS = ("viaChannel", "usesSource", "viaPath", "keyIdea", "learnsFrom")


async def make(visit: Visit, iri: str) -> Sheet:
    """Return the page of a firm or unit. Raises the errors of kg.engine.errors."""
    data = visit.data
    own, mentions, units, curated, derived = await asyncio.gather(
        *(
            data.rows(name, it=iri)
            for name in ("own", "mentions", "unit-mentions", "curated-mentions", "derived")
        )
    )
    facts = Facts({**row, "s": Term(iri, True)} for row in own)
    situations = {r["s"].value for rows in (mentions, units, curated) for r in rows}
    unit_iris = {r["unit"].value for r in units}
    follows = {(r["p"].value, r["o"].value) for r in derived}
    more = facts.mentioned() | {i for pair in follows for i in pair} | unit_iris | {iri}
    said = await said_in(data, situations, sorted(more))
    members = [u for u in unit_iris if u != iri]
    say = visit.say
    sections = _sections(said, say, iri)
    shown = {s for _, _, t in sections for s, _, _ in t.rows}
    label = said.names(iri)
    claims = _claims(said)
    context = {
        "iri": iri,
        "label": label,
        "kinds": [Value(said.names(CU + t), f"/ontology/{t}.html") for t in _kinds(facts, iri)],
        "also": list(facts.all(iri, SKOS + "altLabel")),
        "links": facts.iris(iri, SCHEMA + "sameAs"),
        "summary": _summary(said, iri),
        "sections": sections,
        "drawings": _drawings(said, iri, label, members, say),
        "bearings": _bearings(said, iri),
        "follows": _follows(said, follows, shown),
        "claims": claims,
        "sources": _sources(said, claims),
    }
    return Sheet(
        "firm.html",
        label,
        say("What the sources say about {name}, claim by claim.", name=label),
        context,
        crumbs=[(say("Cases"), "/#cases")],
        json=lambda: {
            "iri": iri,
            "label": label,
            "statements": [said.as_data(s) for s in said.claims],
        },
        table=lambda: [
            ["claim", "says", "marks", "source"],
            *([c.number, c.label, "; ".join(t for _, t in c.marks), c.source] for c in claims),
        ],
        schema={
            "@type": "Organization",
            "@id": iri,
            "name": label,
            "sameAs": facts.iris(iri, SCHEMA + "sameAs"),
        },
    )


def _kinds(facts: Facts, iri: str) -> list[str]:
    return sorted(t for t in facts.types(iri) if ":" not in t)


def _sections(said: Said, say: Callable[[str], str], iri: str) -> list[tuple[str, str, Table]]:
    out = []
    for key, heading, types, columns in SECTIONS:
        found = by_time(said, said.of_type(*types))
        if found:
            out.append((key, say(heading), table(said, columns, found, say, iri)))
    return out


def _summary(said: Said, iri: str) -> dict[str, list[tuple[list[Value], str, list[ClaimMark]]]]:
    """Return affiliations, sitings and the like: by heading, (of whom or where, when, claims)."""
    rows: dict[str, list[tuple[list[Value], str, list[ClaimMark]]]] = {}
    for s in said.of_type("Affiliation", "Siting", "PlainStatement"):
        subject = said.facts.one(s, "stSubject")
        if iri not in (subject, said.facts.one(s, "stObject")):
            continue
        predicate = said.facts.one(s, "stPredicate")
        if subject == iri:
            values, heading = said.values(s, "stObject", "stValue"), said.names(predicate)
        else:
            values = said.values(s, "stSubject")
            inverse = _INVERSE.get(predicate)
            heading = said.names(inverse) if inverse else f"← {said.names(predicate)}"
        rows.setdefault(heading, []).append((values, said.periods(s), said.claims[s]))
    return dict(sorted(rows.items()))


def _drawings(
    said: Said, iri: str, label: str, members: Sequence[str], say: Callable[..., str]
) -> dict[str, Markup]:
    return {
        "flows": _hub(said, iri, label, members, say),
        "events": _timeline(said, label, say),
        "learning": _learning(said, label, say),
    }


def _hub(
    said: Said, iri: str, label: str, members: Sequence[str], say: Callable[..., str]
) -> Markup:
    facts = said.facts
    former = {
        facts.one(s, "stSubject")
        for s in said.of_type("Affiliation")
        if any(facts.one(p, "endYear") for p in facts.iris(s, "period"))
    }
    centre = {iri}
    flows, seen = [], dict.fromkeys(sorted(members))
    for s in said.of_type("KnowledgeFlow"):
        ends = []
        for unit, role in (("fromUnit", "fromRole"), ("toUnit", "toRole")):
            found = facts.iris(s, unit)
            # A firm's headquarters is its hub: one node in the middle.
            if CUV + "hub" in facts.iris(s, role):
                centre.update(found)
                ends.append([iri])
            else:
                ends.append([iri if u == iri else u for u in found])
                seen.update(dict.fromkeys(u for u in found if u != iri))
        types = facts.types(s)
        kind = "horizontal" if "HorizontalFlow" in types else "vertical"
        claims = said.claims[s]
        for a in ends[0]:
            for b in ends[1]:
                tip = f"{said.names(a)} → {said.names(b)}: " + ", ".join(
                    said.names(k) for k in facts.iris(s, "carries")
                )
                doubtful = not any(c.asserted for c in claims)
                address = claims[0].href if claims else ""
                flows.append(hub.Flow(a, b, kind, tip.rstrip(": "), address, doubtful))
    spokes = [hub.Node(u, said.names(u), href(u), u in former) for u in seen if u not in centre]
    return hub.draw(
        hub.Node(iri, label, ""),
        spokes,
        flows,
        say("Units of {name} and the knowledge that flows between them", name=label),
        say("Solid lines are vertical flows, dotted lines horizontal ones; the table lists them."),
    )


def _timeline(said: Said, label: str, say: Callable[..., str]) -> Markup:
    happenings = []
    for s in said.of_type(*EVENTS, "InternationalisationEpisode", "CatchUpMove"):
        years = [years_of(said.facts, p) for p in said.facts.iris(s, "period", "beganIn")]
        claims = said.claims[s]
        for span in (y for y in years if y):
            doubtful = not any(c.asserted for c in claims)
            name = _event_name(said, s)
            happenings.append(timeline.Happening(*span, name, claims[0].href, doubtful))
    return timeline.draw(
        happenings,
        say("Events of {name} by year", name=label),
        say("The table below lists the same events."),
    )


def _event_name(said: Said, situation: str) -> str:
    objects = said.values(
        situation, "acquired", "divested", "partner", "customer", "founded", "resultingUnit",
        "product", "technology", "listedIn", "place", "hasOutcome", "atStage",
    )  # fmt: skip
    kind = said.names(said.kind(situation))
    return f"{kind}: {', '.join(v.text for v in objects[:3])}" if objects else kind


def _learning(said: Said, label: str, say: Callable[..., str]) -> Markup:
    lessons = []
    for s in said.of_type("LearningEpisode"):
        ways = next((found for w in _WAYS if (found := said.facts.iris(s, w))), [])
        claims = said.claims[s]
        doubtful = not any(c.asserted for c in claims)
        for way in ways:
            for capability in said.facts.iris(s, "resultsInCapability"):
                tip = f"{said.names(way)} → {said.names(capability)}"
                lessons.append(
                    learning.Lesson(
                        (way, said.names(way), href(way)),
                        (capability, said.names(capability), href(capability)),
                        tip,
                        doubtful,
                    )
                )
    return learning.draw(
        lessons,
        say("What {name} learned, by way of learning", name=label),
        say("Lines lead from ways of learning to the capabilities they built; see the table."),
    )


def _bearings(said: Said, iri: str) -> list[tuple[Value, list[tuple[Value, list[ClaimMark]]]]]:
    found: dict[str, list[tuple[Value, list[ClaimMark]]]] = {}
    for s in said.of_type("CaseBearing"):
        if iri in said.facts.iris(s, "ofCase"):
            for proposition in said.facts.iris(s, "onProposition"):
                for bearing in said.values(s, "bearing"):
                    found.setdefault(proposition, []).append((bearing, said.claims[s]))
    return [
        (Value(f"{p.rpartition('/')[2]}: {said.names(p)}", href(p)), rows)
        for p, rows in sorted(found.items())
    ]


def _follows(
    said: Said, follows: set[tuple[str, str]], shown: set[str]
) -> list[tuple[str, str, list[tuple[Value, str]]]]:
    """Return derived statements by predicate: (predicate, label, [(value, object's IRI)])."""
    out: dict[str, list[tuple[Value, str]]] = {}
    for p, o in sorted(follows, key=lambda pair: (pair[0], said.names(pair[1]))):
        if o.startswith((CU, CUV)) or ("/id/" in o and o not in shown):
            out.setdefault(p, []).append((Value(said.names(o), href(o)), o))
    return [(p, said.names(p) if p.startswith(CU) else "", vs) for p, vs in out.items()]


def _claims(said: Said) -> list[ClaimMark]:
    unique = {c.iri: c for claims in said.claims.values() for c in claims}
    return sorted(unique.values(), key=lambda c: c.number)


def _sources(said: Said, claims: list[ClaimMark]) -> list[tuple[str, str, int]]:
    counts: dict[str, int] = {}
    for c in claims:
        counts[c.source] = counts.get(c.source, 0) + 1
    return [(said.names(s), href(s), n) for s, n in sorted(counts.items()) if s]
