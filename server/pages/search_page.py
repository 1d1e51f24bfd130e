"""Search: over names, other names, definitions and what claims say; and suggestions."""

from __future__ import annotations

from catchup.kg.names import BASE, CU, compact
from catchup.kg.search import Hit
from catchup.server.pages.facts import LANGUAGES, href
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.statements import Value
from catchup.server.pages.visit import Visit
from catchup.server.search import find

_LIMIT = 30
#: Kinds that tell a reader little beside another.
_DULL = {"Situation", "DocumentPart", "Work"}


async def make(visit: Visit) -> Sheet:
    """Return what is found for `q`."""
    wanted = visit.get("q").strip()[:200]
    data = visit.data
    hits: list[Hit] = []
    more = False
    if wanted:
        hits, more = await find(
            visit.services, visit.client, wanted, lang=LANGUAGES[visit.lang], limit=_LIMIT
        )
    kinds = data.names({t for h in hits for t in h.types})
    found = []
    for hit in hits:
        own = [t for t in hit.types if t.startswith(CU) and t[len(CU) :] not in _DULL]
        shown = [Value(kinds(t), href(t)) for t in own[:3]]
        if not shown:
            shown = [Value(kinds(t)) for t in hit.types if t.startswith(BASE)][:1]
        found.append((hit, href(hit.iri), shown))
    say = visit.say
    title = say("Search: {text}", text=wanted) if wanted else say("Search")
    return Sheet(
        "search.html",
        title,
        say("Search firms, concepts, claims and sources by name, in English or Chinese."),
        {"wanted": wanted, "found": found, "more": more},
        table=lambda: [
            ["iri", "label", "kinds", "matched", "score"],
            *(
                [compact(h.iri), h.label, "; ".join(k.text for k in s), h.matched, h.score]
                for h, _, s in found
            ),
        ],
        canonical="/search",
    )
