"""The claims behind a table as RDF: each claim with the situations that it asserts."""

from __future__ import annotations

from collections.abc import Iterable

from catchup.kg.catalogue import declared
from catchup.kg.engine.model import Request
from catchup.server.pages.facts import iri_list
from catchup.server.pages.visit import Visit

_CLAIMS = declared("""CONSTRUCT { ?s ?p ?o } WHERE {
  { VALUES ?claim { $claims } { ?claim ?p ?o BIND(?claim AS ?s) } UNION { ?claim cu:asserts ?s . ?s ?p ?o } }
  UNION { VALUES ?claim { $claims } GRAPH g:curation {
    { ?claim ?p ?o BIND(?claim AS ?s) } UNION { ?claim cu:asserts ?s . ?s ?p ?o } } }
}""")
#: Claims in one query, whose text names them twice: under the engine's 256 kB.
_BLOCK = 800


def wanted(visit: Visit) -> bool:
    """Return whether a visit is for Turtle."""
    return visit.path.endswith(".ttl")


async def turtle(visit: Visit, claims: Iterable[str]) -> bytes:
    """Return claims (IRIs) and what they assert as Turtle. Raises the errors of kg.engine.errors."""
    iris = sorted(set(claims))
    found = []
    for n in range(0, len(iris), _BLOCK):
        text = _CLAIMS.replace("$claims", iri_list(iris[n : n + _BLOCK]))
        request = Request(text, results=None, rdf="turtle")
        answer, cached = await visit.services.answer(request, visit.client)
        visit.services.release(answer, cached)
        found.append(answer.body)
    return b"\n".join(found)
