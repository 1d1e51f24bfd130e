"""Any SPARQL 1.1 endpoint by URL, in place of the embedded engine.

Time, bytes and the gate before the query are ours; memory and crash isolation are then the
endpoint's (THREAT_MODEL.md).
"""

from __future__ import annotations

import time

import httpx

from catchup.kg.engine.errors import (
    EngineError,
    HeldElsewhere,
    NotAcceptable,
    StoreFailed,
    TooComplex,
)
from catchup.kg.engine.formats import FORMATS
from catchup.kg.engine.gate import admit, bind
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request
from catchup.kg.engine.process import time_limit
from catchup.kg.engine.terms import named_node, terms

_ENTITY = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
CONSTRUCT {{ {iri} ?p ?o . ?s ?q {iri} . ?p rdfs:label ?pl . ?o rdfs:label ?ol . ?s rdfs:label ?sl }}
WHERE {{ {{ {iri} ?p ?o OPTIONAL {{ ?p rdfs:label ?pl }} OPTIONAL {{ ?o rdfs:label ?ol }} }}
  UNION {{ SELECT ?s ?q ?sl WHERE {{ ?s ?q {iri} OPTIONAL {{ ?s rdfs:label ?sl }} }} LIMIT {n} }} }}"""


class RemoteStore:
    """A store that is an endpoint somewhere else, chosen by the operator, never by a visitor."""

    snapshot = ""

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        """Use the endpoint at `url`. Raises StoreFailed when it is no http(s) URL."""
        if not url.startswith(("http://", "https://")):
            raise StoreFailed(f"{url} is not the URL of an endpoint.", remedy="Give http(s)://...")
        self._url = url
        self._limits = limits or Limits()
        self._client = httpx.Client(timeout=self._limits.timeout, follow_redirects=False)

    def query(self, request: Request | str) -> Answer:
        """Answer a request. Raises the errors of kg.engine.errors."""
        if isinstance(request, str):
            request = Request(request)
        if request.kind == "explain":
            raise HeldElsewhere(
                "An explanation takes the graph and the rules themselves; this server passes its"
                " queries on to another endpoint, which SPARQL gives no way to ask why.",
                remedy="Ask a server that holds the graph (started without --store), or run"
                " 'catchup explain'.",
            )
        text, default_graphs = request.query, request.default_graphs
        if request.kind == "entity":
            text = _ENTITY.format(iri=named_node(request.query), n=request.incoming)
        elif request.kind == "graph":
            text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
            default_graphs = (request.query,) if request.query else None
        seen = admit(text, self._limits, request.given)
        text = bind(text, terms(request.substitutions))
        format_ = request.results if seen.form in ("SELECT", "ASK") else request.rdf
        if format_ is None:
            raise NotAcceptable(f"{seen.form} has no representation in the formats asked for.")
        start = time.perf_counter()
        body = self._post(
            {
                "query": [text],
                "default-graph-uri": list(default_graphs or ()),
                "named-graph-uri": list(request.named_graphs or ()),
            },
            FORMATS[format_].media_type,
            min(request.timeout or self._limits.timeout, self._limits.timeout),
        )
        engine = round((time.perf_counter() - start) * 1000, 3)
        timings = {"queue": 0.0, "engine": engine, "serialise": 0.0}
        return Answer(body, format_, seen.form, -1, volatile=True, timings=timings)

    def _post(self, form: dict[str, list[str]], accept: str, timeout: float) -> bytes:
        body = b""
        deadline = time.monotonic() + timeout
        try:
            with self._client.stream(
                "POST", self._url, data=form, headers={"Accept": accept}, timeout=timeout
            ) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > self._limits.bytes:
                        raise TooComplex(
                            f"The answer is longer than {self._limits.bytes:,} bytes.",
                            remedy="Add LIMIT.",
                        )
                    if time.monotonic() > deadline:
                        raise time_limit(timeout)
                status, type_ = response.status_code, response.headers.get("content-type", "")
        except httpx.TimeoutException:
            raise time_limit(timeout) from None
        except httpx.HTTPError as error:
            raise StoreFailed(f"The store did not answer: {type(error).__name__}.") from None
        if status != 200:
            raise EngineError(f"The store refused the query with status {status}.")
        if not type_.startswith(accept):
            raise StoreFailed(f"The store sent {type_ or 'nothing'} where {accept} was asked for.")
        return body

    def reload(self) -> None:
        """Do nothing: the endpoint has its own state."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
