"""The formats an answer can have: SPARQL results (SELECT, ASK) and RDF (CONSTRUCT, DESCRIBE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pyoxigraph as ox

Family = Literal["results", "rdf"]


@dataclass(frozen=True)
class Format:
    """One format: its short name, media type, file suffix and what the engine calls it."""

    name: str
    family: Family
    media_type: str
    suffix: str
    engine: ox.QueryResultsFormat | ox.RdfFormat
    #: further media types under which clients ask for it
    also: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        """The media type with its charset where the format is text without one of its own."""
        if self.media_type.startswith("text/"):
            return f"{self.media_type}; charset=utf-8"
        return self.media_type


_R, _D = ox.QueryResultsFormat, ox.RdfFormat

#: In order of preference: the first of a family is what a client without wishes gets.
FORMATS: Final[dict[str, Format]] = {
    f.name: f
    for f in (
        Format("json", "results", "application/sparql-results+json", ".json", _R.JSON,
               ("application/json",)),
        Format("xml", "results", "application/sparql-results+xml", ".xml", _R.XML,
               ("application/xml", "text/xml")),
        Format("csv", "results", "text/csv", ".csv", _R.CSV),
        Format("tsv", "results", "text/tab-separated-values", ".tsv", _R.TSV),
        Format("turtle", "rdf", "text/turtle", ".ttl", _D.TURTLE, ("application/x-turtle",)),
        Format("jsonld", "rdf", "application/ld+json", ".jsonld", _D.JSON_LD,
               ("application/json",)),
        Format("ntriples", "rdf", "application/n-triples", ".nt", _D.N_TRIPLES, ("text/plain",)),
        Format("rdfxml", "rdf", "application/rdf+xml", ".rdf", _D.RDF_XML,
               ("application/xml", "text/xml")),
        Format("trig", "rdf", "application/trig", ".trig", _D.TRIG, ("application/x-trig",)),
        Format("nquads", "rdf", "application/n-quads", ".nq", _D.N_QUADS),
    )
}  # fmt: skip


def family(name: Family) -> list[Format]:
    """Return the formats of one family, the preferred first."""
    return [f for f in FORMATS.values() if f.family == name]
