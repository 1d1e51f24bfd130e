"""A request to the engine and its answer."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from catchup.kg.engine.formats import FORMATS
from catchup.kg.engine.wire import frame, to_json

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

#: Hexadecimal digits of a digest.
DIGEST = 32
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
    #: bytes of the text that other endpoints gave (federation), which its own limits bound
    given: int = 0

    def to_wire(self) -> bytes:
        """Return the request as a frame: its `head`, and the query as the body."""
        return frame(self.head(), self.query.encode("utf-8", "surrogatepass"))

    def head(self) -> bytes:
        """Return as JSON what differs from a plain request, but for the query."""
        given = self.__dict__
        return to_json({n: given[n] for n, plain in _PLAIN if given[n] != plain}).encode()

    @classmethod
    def from_wire(cls, head: bytes, query: bytes) -> Request:
        """Return the request that `to_wire` wrote."""
        found = _heads.get(head)
        if found is None:
            raw = json.loads(head)
            for key in ("default_graphs", "named_graphs"):
                if raw.get(key) is not None:
                    raw[key] = tuple(raw[key])
            found = cls("", **raw)
            if len(_heads) == _HEADS:
                _heads.clear()
            _heads[head] = found
        # past the constructor, which takes 5 us
        request = object.__new__(cls)
        request.__dict__.update(found.__dict__, query=query.decode("utf-8", "surrogatepass"))
        return request

    def hashed(self, *more: str) -> Hash:
        """Return a hash of all but the query that decides the answer's bytes.

        `more` (the snapshot) is hashed too.
        """
        # \0 is in no IRI and no name; the query comes last since it alone can hold anything.
        plain = "\0".join(
            (
                *more,
                f"{self.kind} {self.results} {self.rdf} {self.encoding} {self.incoming} {self.blank}",
                repr(self.default_graphs),
                repr(self.named_graphs),
                repr(sorted(self.substitutions.items())) if self.substitutions else "",
                "",
            )
        )
        return hashlib.sha256(plain.encode("utf-8", "surrogatepass"))

    def digest(self, *more: str) -> str:
        """Return a hash of all that decides the answer's bytes, `more` (the snapshot) included."""
        hashed = self.hashed(*more)
        hashed.update(self.query.encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()[:DIGEST]


_PLAIN = tuple(
    (f.name, {} if f.name == "substitutions" else f.default)
    for f in fields(Request)
    if f.name != "query"
)
# Requests whose heads came before, to be copied; clients use a handful.
_HEADS = 64
_heads: dict[bytes, Request] = {}


# not frozen: setting the fields would take 2 us of the 100 that a small query may take
@dataclass(slots=True)
class Answer:
    """A complete answer: never part of one that failed. Shared once it is made."""

    body: bytes
    format: str
    form: str
    #: rows or triples; -1 where nobody counted them (an uncut SELECT: counting takes longer than
    #: a small query itself)
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
    def from_wire(cls, header: bytes, body: bytes, queue_ms: float, snapshot: str) -> Answer:
        """Return the answer that a worker sent with a header of `header_of`."""
        form, format_, cut, encoding, volatile, _, rows, engine, written = _HEADER.unpack(header)
        timings = {"queue": queue_ms, "engine": engine / 1000, "serialise": written / 1000}
        return cls(body, _FORMATS[format_], _FORMS[form], rows, _CUTS[cut], bool(volatile),
                   _ENCODINGS[encoding], snapshot, timings)  # fmt: skip


# A worker's answer to a small query takes some 100 us; a header in JSON took 20 of them.
_HEADER = struct.Struct("!BBBBBBiII")
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "EXPLAIN")
_FORMATS = tuple(FORMATS)
_CUTS = ("", "rows", "bytes")
_ENCODINGS = ("", "gzip", "zstd")
# names of different kinds are different, so one table numbers them all
_NUMBER = {
    name: at for names in (_FORMS, _FORMATS, _CUTS, _ENCODINGS) for at, name in enumerate(names)
}
#: offset of the byte that says that a worker ends after this answer
_RETIRE = 5


def header_of(answer: Answer, *, retire: bool) -> bytes:
    """Return the header of an answer as it crosses the socket."""
    timings = answer.timings
    return _HEADER.pack(
        _NUMBER[answer.form],
        _NUMBER[answer.format],
        _NUMBER[answer.truncated],
        _NUMBER[answer.encoding],
        answer.volatile,
        retire,
        answer.rows,
        min(int(timings["engine"] * 1000), 0xFFFFFFFF),
        min(int(timings["serialise"] * 1000), 0xFFFFFFFF),
    )


def read_header(header: bytes) -> tuple[dict[str, Any] | None, bool]:
    """Return the error that a worker reported, None when it answered; and whether it ends."""
    if header[:1] == b"{":
        data = json.loads(header)
        return data["error"], bool(data.get("retire"))
    return None, bool(header[_RETIRE])
