"""Which page a thing gets: by its type, the most telling first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from catchup.kg.names import CU, CUV, D
from catchup.server.pages import claim, firm, proposition, sources, term, thing
from catchup.server.pages.sheet import Download, Sheet
from catchup.server.pages.visit import Visit
from catchup.server.problems import NotThere

Maker = Callable[[Visit, str], Awaitable[Sheet]]

_BY_TYPE: tuple[tuple[str, Maker], ...] = (
    ("Claim", claim.make),
    ("Firm", firm.make),
    ("Unit", firm.make),
    # of a case that was just entered the index has what was written, not what follows
    *(
        (kind, firm.make)
        for kind in ("Subsidiary", "Headquarters", "RegionalHeadquarters", "Department")
    ),
    ("Brand", firm.make),
    ("JointVenture", firm.make),
    ("Proposition", proposition.make),
)


def in_space(space: str) -> Callable[[Visit], Awaitable[Sheet]]:
    """Return what makes the page of a name in a space (id, ontology, vocab, ...)."""

    async def make(visit: Visit) -> Sheet:
        """Return the page of the thing that the path names. Raises NotThere."""
        path = f"{space}/{visit.names['name']}"
        iri = visit.services.config.base + path
        sheet = await _sheet(visit, iri)
        rdf = [
            Download(f"/{path}.ttl", "text/turtle", "Turtle"),
            Download(f"/{path}.jsonld", "application/ld+json", "JSON-LD"),
            Download(f"/{path}.nt", "application/n-triples", "N-Triples"),
        ]
        sheet.downloads = [*sheet.downloads, *rdf]
        return sheet

    return make


async def _sheet(visit: Visit, iri: str) -> Sheet:
    types = visit.data.types([iri]).get(iri, ())
    if not types and not await visit.data.rows("own", it=iri):
        raise NotThere(f"<{iri}> is not in the graph.", remedy="Search for it at /search.")
    local = {t.removeprefix(CU) for t in types}
    if iri.startswith((CU, CUV)):
        return await term.make(visit, iri)
    for kind, make in _BY_TYPE:
        if kind in local:
            return await make(visit, iri)
    if "Document" in local:
        return await sources.one(_named(visit, id=iri.removeprefix(D)))
    return await thing.make(visit, iri)


def _named(visit: Visit, **names: str) -> Visit:
    return replace(visit, names=names)
