"""What our graph says of the entities that can be linked: names, types, countries, links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catchup.kg import names

#: Runs a SPARQL SELECT and returns its solutions, each as {variable: value}.
Ask = Callable[[str], list[dict[str, str]]]

_NAMED = """
PREFIX cu: <https://w3id.org/catchup/ontology/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?thing ?what ?value WHERE {
  GRAPH <https://w3id.org/catchup/graph/entities> { ?thing a ?own }
  { ?thing rdfs:label|skos:altLabel|cu:fullForm ?value BIND("name" AS ?what) }
  UNION { ?thing a ?value BIND("type" AS ?what) FILTER(STRSTARTS(STR(?value), STR(cu:))) }
  UNION { ?thing cu:homeCountry|cu:locatedIn ?value BIND("country" AS ?what) }
  UNION { ?thing <https://schema.org/sameAs> ?value BIND("link" AS ?what) }
}"""
_FIRST_YEARS = """
PREFIX cu: <https://w3id.org/catchup/ontology/>
SELECT ?thing (MIN(?year) AS ?value) WHERE {
  ?event cu:actor|cu:learner ?thing ; cu:period/cu:startYear ?year
} GROUP BY ?thing"""
_LINKS = {"http://www.wikidata.org/entity/": "wd", "https://ror.org/": "ror"}
#: Types that say how a thing is grouped here, not what it is elsewhere.
_ALSO = {
    "EmergingMarket": "Country",
    "DevelopedMarket": "Country",
    "GovernmentBody": "Organization",
}


@dataclass
class Entity:
    """One of our entities."""

    iri: str
    names: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    countries: list[Entity] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    first_year: int | None = None

    @property
    def curie(self) -> str:
        """The IRI as a prefixed name."""
        return names.compact(self.iri)

    @property
    def label(self) -> str:
        """The first name: the English label comes first."""
        return self.names[0] if self.names else self.curie


def read_entities(ask: Ask) -> dict[str, Entity]:
    """Return our entities by their prefixed names."""
    found: dict[str, Entity] = {}
    countries: list[tuple[str, str]] = []
    for row in ask(_NAMED):
        thing, value = row["thing"], row.get("value", "")
        entity = found.setdefault(thing, Entity(thing))
        if row["what"] == "name":
            entity.names.append(value)
        elif row["what"] == "type":
            local = value.removeprefix(names.CU)
            entity.types |= {local, _ALSO.get(local, local)}
        elif row["what"] == "country":
            countries.append((thing, value))
        elif row["what"] == "link":
            for space, scheme in _LINKS.items():
                if value.startswith(space):
                    entity.links[scheme] = value.removeprefix(space)
    for thing, country in countries:
        if country in found:
            found[thing].countries.append(found[country])
    for row in ask(_FIRST_YEARS):
        if row["thing"] in found:
            found[row["thing"]].first_year = int(row["value"])
    for entity in found.values():
        entity.names.sort(key=lambda n: (not n.isascii(), len(n), n))
    return {e.curie: e for e in found.values()}


def solutions(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the solutions of a SPARQL JSON result as {variable: value}."""
    rows = content["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in rows]
