"""Content negotiation (RFC 9110, 12.5): what to send for an Accept header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from catchup.kg.engine.formats import FORMATS, Family, family

HTML = "text/html"
_PAGES = (HTML, "application/xhtml+xml")
_Q = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$")


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
    for item in header.lower().split(","):
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


@lru_cache(512)
def negotiate(accept: str) -> Choice:
    """Return what to send for an Accept header, whichever form the query turns out to have."""
    page = choose(accept, _HTML)
    everything = offers("results") + offers("rdf") + _HTML
    html = False
    if page:
        best = choose(accept, everything)
        html = best is not None and best.name == "html"
    return Choice(choose(accept, offers("results")), choose(accept, offers("rdf")), html)


@lru_cache(512)
def negotiate_document(accept: str) -> Offer | None:
    """Return the representation of a document that is RDF or a page."""
    return choose(accept, offers("rdf") + _HTML)


@lru_cache(512)
def encoding(accept_encoding: str) -> str:
    """Return the content coding to use: zstd, gzip or "" (RFC 9110, 12.5.3)."""
    wanted = {}
    for item in accept_encoding.lower().split(","):
        name, _, parameter = item.partition(";")
        value = parameter.strip().removeprefix("q=")
        wanted[name.strip()] = float(value) if value and _Q.match(value) else 1.0
    for name in ("zstd", "gzip"):
        if wanted.get(name, 0) > 0:
            return name
    return "gzip" if wanted.get("*", 0) > 0 else ""


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
