"""Content negotiation (RFC 9110, 12.5): what to send for an Accept header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from catchup.kg.engine.formats import FORMATS, Family, family
from catchup.server.problems import NotAcceptable

HTML = "text/html"
_PAGES = (HTML, "application/xhtml+xml")
_Q = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$")
# Clients send up to 15; 30,000 in one header, each held against all offers, took 0.7 s.
_ITEMS = 100
_CODINGS = ("zstd", "gzip")
# What the parameter `format` (or `output`, as Virtuoso's clients say) may be beside a media type.
_NAMED = {
    "json": "application/sparql-results+json, application/ld+json",
    "xml": "application/sparql-results+xml, application/rdf+xml",
    "html": HTML,
}


@dataclass(frozen=True)
class Offer:
    """One representation that can be sent: its media type and what it stands for."""

    media_type: str
    name: str


@dataclass(frozen=True)
class Choice:
    """What an Accept header chose, for each form a query may have; None: nothing fits."""

    results: Offer | None
    rdf: Offer | None
    html: bool

    @property
    def nothing(self) -> bool:
        """Whether nothing at all fits."""
        return self.results is None and self.rdf is None and not self.html


def parse_accept(header: str) -> list[tuple[str, float]]:
    """Return (media range, q) of an Accept header; what is malformed is left out."""
    ranges = []
    for item in header.lower().split(",", _ITEMS)[:_ITEMS]:
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                value = value.strip()
                quality = float(value) if _Q.match(value) else 0.0
        if name == "*":
            name = "*/*"
        if name.count("/") == 1:
            ranges.append((name, quality))
    return ranges


def _score(media_type: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Return (q, specificity) that the most specific matching range gives a media type."""
    best = (0.0, -1)
    for name, quality in ranges:
        if name == media_type:
            level = 2
        elif name == media_type.partition("/")[0] + "/*":
            level = 1
        elif name == "*/*":
            level = 0
        else:
            continue
        if level > best[1]:
            best = (quality, level)
    return best


def choose(accept: str, offers: list[Offer]) -> Offer | None:
    """Return the offer with the highest q, then the most specific match, then the first."""
    ranges = parse_accept(accept) if accept.strip() else [("*/*", 1.0)]
    best: tuple[tuple[float, int], Offer | None] = ((0.0, -1), None)
    for offer in offers:
        score = _score(offer.media_type, ranges)
        if score[0] > 0 and score > best[0]:
            best = (score, offer)
    return best[1]


def offers(kind: Family) -> list[Offer]:
    """Return the representations of a family of answers, the preferred first."""
    found = [Offer(f.media_type, f.name) for f in family(kind)]
    return found + [Offer(also, f.name) for f in family(kind) for also in f.also]


_HTML = [Offer(page, "html") for page in _PAGES]
#: Representations of an answer, and of a document that is RDF or a page.
_EVERYTHING = offers("results") + offers("rdf") + _HTML
DOCUMENT = offers("rdf") + _HTML
_BY_NAME = {
    name: f.media_type for f in FORMATS.values() for name in (f.name, f.suffix.removeprefix("."))
}


@lru_cache(512)
def negotiate(accept: str) -> Choice:
    """Return what to send for an Accept header, whichever form the query turns out to have."""
    page = choose(accept, _HTML)
    html = False
    if page:
        best = choose(accept, _EVERYTHING)
        html = best is not None and best.name == "html"
    return Choice(choose(accept, offers("results")), choose(accept, offers("rdf")), html)


@lru_cache(512)
def negotiate_document(accept: str) -> Offer | None:
    """Return the representation of a document that is RDF or a page."""
    return choose(accept, DOCUMENT)


@lru_cache(512)
def encoding(accept_encoding: str) -> str:
    """Return the content coding to use: zstd, gzip or "" (RFC 9110, 12.5.3)."""
    wanted = {}
    for item in accept_encoding.lower().split(",", _ITEMS)[:_ITEMS]:
        name, _, parameter = item.partition(";")
        value = parameter.strip().removeprefix("q=")
        wanted[name.strip().removeprefix("x-")] = float(value) if value and _Q.match(value) else 1.0
    rest = wanted.get("*", 0.0)
    if not any(name in wanted for name in _CODINGS):
        # whoever takes anything may know only the old one
        return "gzip" if rest > 0 else ""
    best = max(_CODINGS, key=lambda name: wanted.get(name, rest))
    return best if wanted.get(best, rest) > 0 else ""


def accepted(accept: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the Accept header, or what a parameter `format` or `output` says in its place.

    Its value is a media type, a format's name or its suffix; one that is none of these is left
    alone, since clients send values of their own.
    """
    for key, value in parameters:
        if key in ("format", "output"):
            value = value.strip().lower()
            named = _NAMED.get(value) or _BY_NAME.get(value)
            if named or choose(value, _EVERYTHING):
                return named or value
    return accept


def not_acceptable(accept: str, found: list[Offer]) -> NotAcceptable:
    """Return the problem of an Accept header that none of what was found fits."""
    types = dict.fromkeys(offer.media_type for offer in found)
    return NotAcceptable(
        f"None of '{accept[:200]}' can be had.", remedy=f"There are {', '.join(types)}."
    )


def content_type(offer: Offer) -> str:
    """Return the Content-Type of what is sent for an offer."""
    if offer.media_type.startswith("text/"):
        return f"{offer.media_type}; charset=utf-8"
    return offer.media_type


def by_suffix(path: str) -> tuple[str, Offer | None]:
    """Split a known suffix (.ttl, .jsonld, .nt, .rdf, .html, ...) off a path."""
    stem, dot, suffix = path.rpartition(".")
    if dot and "/" not in suffix:
        if suffix == "html":
            return stem, Offer(HTML, "html")
        for f in family("rdf"):
            if f.suffix == "." + suffix:
                return stem, Offer(f.media_type, f.name)
    return path, None


__all__ = ["FORMATS", "Choice", "Offer", "by_suffix", "content_type", "encoding", "negotiate"]
