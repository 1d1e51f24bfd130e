"""A request to the engine and its answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from catchup.kg.engine.formats import FORMATS

Kind = Literal["query", "entity", "graph", "explain"]
Term = dict[str, str]


def iri_term(iri: str) -> Term:
    """Return an IRI as a term of the SPARQL JSON results format."""
    return {"type": "uri", "value": iri}


def literal_term(value: str, datatype: str = "", lang: str = "") -> Term:
    """Return a literal as a term of the SPARQL JSON results format."""
    term = {"type": "literal", "value": value}
    if lang:
        term["xml:lang"] = lang
    elif datatype:
        term["datatype"] = datatype
    return term


@dataclass(frozen=True)
class Request:
    """One thing to ask of the engine.

    `kind` "query" runs the SPARQL text `query`. "entity" describes the resource whose IRI is in
    `query`: what is said of it, what points to it (at most `incoming`), and the labels of all it
    mentions. "graph" gives the whole named graph whose IRI is in `query` ("" is the default one).

    "explain" tells why the triple in `query` (N-Triples) is in the graph, as JSON.

    `results` and `rdf` name the format for either family of answers; None says that none would
    do (NotAcceptable). Graphs that are not None replace the query's own dataset (SPARQL 1.1
    Protocol, 2.1.4). `substitutions` binds variables to terms before planning, so that a
    parameter is never pasted into text.
    """

    query: str
    kind: Kind = "query"
    results: str | None = "json"
    rdf: str | None = "turtle"
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    substitutions: dict[str, Term] = field(default_factory=dict)
    encoding: Literal["", "gzip", "zstd"] = ""
    incoming: int = 200
    #: turn skolem IRIs back into blank nodes (whole documents, for tools that read OWL)
    blank: bool = False
    timeout: float | None = None

    def to_wire(self) -> bytes:
        """Return the request as JSON."""
        return json.dumps(self.__dict__, separators=(",", ":")).encode()

    @classmethod
    def from_wire(cls, data: bytes) -> Request:
        """Return the request that `to_wire` wrote."""
        raw = json.loads(data)
        for key in ("default_graphs", "named_graphs"):
            if raw[key] is not None:
                raw[key] = tuple(raw[key])
        return cls(**raw)

    def digest(self, *more: str) -> str:
        """Return a hash of all that decides the answer's bytes, `more` (the snapshot) included."""
        # \0 is in no IRI and no name; the query comes last since it alone can hold anything.
        plain = "\0".join(
            (
                *more,
                f"{self.kind} {self.results} {self.rdf} {self.encoding} {self.incoming} {self.blank}",
                repr(self.default_graphs),
                repr(self.named_graphs),
                repr(sorted(self.substitutions.items())) if self.substitutions else "",
                self.query,
            )
        )
        return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Answer:
    """A complete answer: never part of one that failed."""

    body: bytes
    format: str
    form: str
    rows: int
    #: "" or the limit at which the answer was cut after a whole row: "rows" or "bytes"
    truncated: str = ""
    #: the same query may answer differently next time (RAND, NOW, UUID, ...)
    volatile: bool = False
    encoding: str = ""
    snapshot: str = ""
    #: milliseconds by phase: queue, engine, serialise
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        """The media type of `body`."""
        return FORMATS[self.format].media_type

    @property
    def content_type(self) -> str:
        """The value of Content-Type for `body`."""
        return FORMATS[self.format].content_type

    @classmethod
    def from_wire(cls, header: dict[str, Any], body: bytes, queue_ms: float) -> Answer:
        """Return the answer that a worker sent."""
        timings = {"queue": queue_ms, **header["timings"]}
        names = ("format", "form", "rows", "truncated", "volatile", "encoding", "snapshot")
        return cls(body=body, timings=timings, **{n: header[n] for n in names})
