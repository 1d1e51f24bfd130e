"""What a reconciliation client may filter by and fetch: each property and its path in the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catchup.kg import names
from catchup.kg.linking.sssom import NAMESPACES
from catchup.kg.linking.wikidata import ENTITY

WIKIDATA_SERVICE = "https://wikidata.reconci.link/en/api"


@dataclass(frozen=True)
class Property:
    """A property: its id, name, path in SPARQL, and the service that its values belong to."""

    id: str
    name: str
    path: str
    description: str
    #: only values that begin so, which is cut off: identifiers elsewhere
    space: str = ""
    service: str = ""
    #: types that it is proposed for; none means all
    types: tuple[str, ...] = ()


PROPERTIES: dict[str, Property] = {
    p.id: p
    for p in (
        Property("name", "name", "rdfs:label|skos:prefLabel", "Labels in all languages."),
        Property("altName", "other name", "skos:altLabel|cu:fullForm", "Other names, full forms."),
        Property("type", "type", "a", "Classes."),
        Property("country", "country", "cu:homeCountry|cu:locatedIn", "Home country or place.",
                 types=("Firm", "Unit", "University", "Organization")),
        Property("industry", "industry", "cu:inIndustry", "Industry.", types=("Firm",)),
        Property("unitOf", "unit of", "cu:unitOf|^cu:hasUnit", "The firm that a unit is of.",
                 types=("Unit",)),
        Property("hasUnit", "has unit", "cu:hasUnit|^cu:unitOf", "Units of a firm.",
                 types=("Firm",)),
        Property("learnedVia", "learned via", "cu:learnedVia", "Channels a firm learned through.",
                 types=("Firm", "Unit")),
        Property("builtCapability", "built capability", "cu:builtCapability",
                 "Capabilities a firm built.", types=("Firm", "Unit")),
        Property("wikidata", "Wikidata item", "schema:sameAs|skos:exactMatch|skos:closeMatch",
                 "The item in Wikidata; for a concept, one that is the same or close.",
                 space=ENTITY, service=WIKIDATA_SERVICE),
        Property("ror", "ROR id", "schema:sameAs", "The id in ROR.", space="https://ror.org/"),
        Property("isni", "ISNI", "schema:sameAs", "The ISNI.", space="https://isni.org/isni/"),
        Property("sameAs", "same as", "schema:sameAs", "The same thing elsewhere."),
        Property("identifier", "identifier", "dcterms:identifier|skos:notation",
                 "GRID, LEI, funder number; ISO 3166 code; DOI; claim number."),
        Property("isic", "ISIC Rev.4 code", "skos:exactMatch|skos:broadMatch|skos:narrowMatch",
                 "Class of ISIC that an industry is, is within, or has within it.",
                 space=NAMESPACES["isic4"], types=("Industry", "Concept")),
        Property("definition", "definition", "skos:definition", "Definition.", types=("Concept",)),
        Property("broader", "broader concept", "skos:broader", "Broader concepts.",
                 types=("Concept",)),
        Property("scheme", "concept scheme", "skos:inScheme", "Scheme of a concept.",
                 types=("Concept",)),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """A value: an IRI with its labels by language, or a literal."""

    term: Mapping[str, str]
    labels: tuple[tuple[str, str], ...] = ()

    def names(self) -> list[str]:
        """Return all that a table may write for it."""
        text = self.term["value"]
        if self.term["type"] != "uri":
            return [text]
        short = (text.removeprefix(names.BASE), text.rsplit("/", 1)[-1], names.compact(text))
        return [text, *short, *(n for n, _ in self.labels)]

    def label(self, lang: str) -> str:
        """Return the label in a language, else in English, else any, else the local name."""
        tags = {tag.split("-")[0]: text for text, tag in reversed(self.labels) if tag != "code"}
        plain = [text for text, tag in self.labels if tag != "code"]
        found = tags.get(lang) or tags.get("en") or (plain or [""])[0]
        return found or self.term["value"].rsplit("/", 1)[-1]


def values_query(iris: Iterable[str], properties: Sequence[Property]) -> str:
    """Return the query for the values of `properties` on `iris`."""
    things = " ".join(f"<{i}>" for i in sorted(set(iris)))
    arms = " UNION ".join(
        f'{{ ?thing {p.path} ?value BIND("{p.id}" AS ?property) }}' for p in properties
    )
    return (
        f"SELECT DISTINCT ?thing ?property ?value ?label WHERE {{ VALUES ?thing {{ {things} }} {arms}"
        " OPTIONAL { ?value rdfs:label|skos:prefLabel|skos:altLabel|skos:notation ?label } }"
    )


def read_values(
    content: Mapping[str, Any], properties: Sequence[Property]
) -> dict[tuple[str, str], list[Value]]:
    """Return the values by thing and property from a SPARQL JSON result."""
    spaces = {p.id: p.space for p in properties}
    found: dict[tuple[str, str], dict[tuple[str, str], tuple[dict[str, str], list[Any]]]] = {}
    for row in content["results"]["bindings"]:
        term, id = row["value"], row["property"]["value"]
        space = spaces[id]
        if space:
            if not term["value"].startswith(space):
                continue
            term = {"type": "literal", "value": term["value"].removeprefix(space)}
        values = found.setdefault((row["thing"]["value"], id), {})
        key = (term["value"], term.get("xml:lang", ""))
        labels = values.setdefault(key, (term, []))[1]
        if "label" in row:
            labels.append((row["label"]["value"], row["label"].get("xml:lang", "code")))
    return {
        key: [Value(term, tuple(labels)) for _, (term, labels) in sorted(values.items())]
        for key, values in found.items()
    }
