"""Why a triple is in the graph: /explain?s=&p=&o= as a page and as JSON."""

from __future__ import annotations

import json
from typing import Any

from catchup.kg.engine.model import Request
from catchup.kg.names import BASE, compact
from catchup.kg.reasoning.notation import parse_triple
from catchup.server.pages.facts import href
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.visit import Visit


async def make(visit: Visit) -> Sheet:
    """Return the explanation of the triple asked for, or a form to ask with.

    Raises NotFound when the triple is not in the graph, InputError when it cannot be read.
    """
    given = [visit.get(name).strip()[:2000] for name in ("s", "p", "o")]
    found: dict[str, Any] | None = None
    if all(given):
        s, p, o = parse_triple(*given)
        request = Request(f"{s} {p} {o} .", kind="explain", rdf=None)
        answer, cached = await visit.services.answer(request, visit.client)
        visit.services.release(answer, cached)
        found = json.loads(answer.body)
        _link(found)
    say = visit.say
    title = say("Why? {words}", words=found["words"]) if found else say("Explain a statement")
    return Sheet(
        "explain.html",
        title,
        say("Why a statement is in the graph: which claims assert it, or what it follows from."),
        {"given": given, "found": found},
        json=(lambda: found) if found else None,
        canonical="/explain",
    )


def _link(found: dict[str, Any]) -> None:
    """Put addresses beside the IRIs of an explanation, all the way down."""
    iris = [text.strip("<>") for text in found["triple"]]
    found["links"] = [(compact(i), href(i)) for i in iris if i.startswith(BASE) and href(i)]
    for claim in found.get("claims", ()):
        claim["href"] = href(claim["iri"])
    for premise in found.get("premises", ()):
        _link(premise)
