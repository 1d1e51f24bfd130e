"""/cases/new: the form to enter a case, its fields those of the shapes."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response

from catchup.kg.names import BASE, CU, PREFIXES, compact
from catchup.kg.shapes.form import Field, form_of
from catchup.server.cases import Cases
from catchup.server.pages.data import Data
from catchup.server.pages.facts import short
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.visit import Visit
from catchup.server.services import Services

#: Kinds of statement that the form offers; the others are entered in a file.
STATEMENTS = (
    "LearningEpisode", "KnowledgeFlow", "IntegrationActivity", "ReleaseActivity", "CatchUpMove",
    "InternationalisationEpisode", "PracticeAdoption", "Acquisition", "Divestiture", "Alliance",
    "Collaboration", "JointVentureFormation", "LaboratoryFounding", "Founding", "MarketEntry",
    "Sale", "ProductLaunch", "Siting", "Affiliation", "Figure", "Characterisation",
    "GeneralStatement", "CaseBearing", "Stance",
)  # fmt: skip
#: What a new thing can be.
THINGS = (
    "Firm", "Subsidiary", "Headquarters", "Department", "JointVenture", "University",
    "GovernmentBody", "Person", "Country", "Region", "City", "Market", "Product", "Technology",
    "Brand", "Population",
)  # fmt: skip
#: Asked of every claim; what the rest of the form settles is left out.
_OF_CLAIM = ("statementKind", "voice", "basis", "force")
_LEFT_OUT = ("inContext",)
#: Fields whose values are concepts of a class by the ontology's range, not by a shape.
_LISTED = {
    "consentLevel": "ConsentLevel",
    "bearing": "Bearing",
    "propositionKind": "PropositionKind",
}


async def make(visit: Visit) -> Sheet:
    """Return the page."""
    say = visit.say
    return Sheet(
        "case-new.html",
        say("Enter a case"),
        say("A form for claims about a firm, checked while you type, kept in your browser."),
        {"writing": visit.services.config.tokens is not None},
    )


async def about(visit: Visit) -> Sheet:
    """Return what the form's script needs: the kinds of statement with their fields."""
    data, say = visit.data, visit.say
    form = form_of()
    claim = form[CU + "Claim"]
    statements = [form[CU + name] for name in STATEMENTS if CU + name in form]
    others = {name: form[CU + name].fields for name in ("InterviewRecord", "Proposition")}
    lists = {name: _concepts(data, kind) for name, kind in _LISTED.items()}
    fields = [*claim.fields, *(f for s in statements for f in s.fields)]
    fields += [f for own in others.values() for f in own]
    names = data.names(
        {c for f in fields for c in f.choices}
        | {c for concepts in lists.values() for c in concepts}
        | {CU + t for t in (*THINGS, "Proposition", "CitedWork")}
        | {s.iri for s in statements}
    )

    def shown(field: Field) -> dict[str, Any]:
        key = field.property.rpartition("/")[2]
        choices = lists.get(key, field.choices)
        return {
            "path": field.property,
            "key": key.rpartition("#")[2] if "core#" in key else key,
            "name": say(field.name),
            "description": say(field.description),
            "kind": "concept" if choices else field.kind,
            "required": field.required,
            "many": field.many and key not in lists,
            "classes": [compact(c) for c in field.classes],
            "choices": [{"id": short(c).split(":")[-1], "label": names(c)} for c in choices],
        }

    def picked(class_: str, *keys: str) -> list[dict[str, Any]]:
        found = {f.property.rpartition("/")[2]: f for f in others[class_]}
        return [shown(found[key]) for key in keys if key in found]

    made = {
        "base": BASE + "id/",
        "claim": [shown(f) for f in claim.fields if f.property in {CU + n for n in _OF_CLAIM}],
        "interview": picked(
            "InterviewRecord", "roleTitle", "period", "interviewMode", "consentLevel"
        ),
        "proposition": picked("Proposition", "propositionKind", "core#notation"),
        "statements": [
            {
                "id": short(s.iri),
                "name": names(s.iri),
                "description": say(s.description),
                "fields": [shown(f) for f in s.fields if short(f.property) not in _LEFT_OUT],
            }
            for s in statements
        ],
        "things": [{"id": t, "label": names(CU + t)} for t in THINGS],
        "names": {
            "Proposition": names(CU + "Proposition"),
            "CitedWork": names(CU + "CitedWork"),
            "Agent": say("agent"),
        },
    }
    return Sheet("case-new.html", "", "", json=lambda: made)


def _concepts(data: Data, kind: str) -> tuple[str, ...]:
    """Return the concepts of a class of ours, as IRIs."""
    asked = "SELECT DISTINCT iri FROM types WHERE type = ? ORDER BY iri"
    return tuple(iri for (iri,) in data.index.execute(asked, (CU + kind,)))


def router(services: Services) -> APIRouter:
    """Return the route that gives back an entry as Turtle; nothing is stored."""
    routes = APIRouter(tags=["cases"])
    cases = Cases(services)

    @routes.post("/cases/new.ttl", summary="Give a case back as Turtle; nothing is stored")
    async def turtle(request: Request) -> Response:
        sent = await cases.sent(request)
        _, quads = await cases.run(request, lambda: cases.keeper.check(sent))
        triples = [q.triple for q in ox.parse(quads, format=ox.RdfFormat.N_QUADS)]
        body = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
        return Response(body, media_type="text/turtle")

    return routes
