"""Items of Wikidata (or of any endpoint laid out as its RDF is), asked for in small batches.

The properties are those of firms in `../shared/links`: none is from memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catchup.kg.linking.fetch import Fetcher, RemoteFailed

ENDPOINT = "https://query.wikidata.org/sparql"
ENTITY = "http://www.wikidata.org/entity/"
DIRECT = "http://www.wikidata.org/prop/direct/"
#: What is fetched of an item: the property and what it is called.
PROPERTIES: dict[str, str] = {
    "P31": "instance of",
    "P17": "country",
    "P571": "inception",
    "P576": "dissolved",
    "P159": "headquarters location",
    "P452": "industry",
    "P749": "parent organization",
    "P127": "owned by",
    "P355": "has subsidiary",
    "P856": "official website",
    "P1278": "Legal Entity Identifier",
    "P946": "ISIN",
    "P6782": "ROR ID",
}
LANGUAGES = ("en", "zh", "zh-hans", "zh-cn")
#: Items asked for at once: their facts fit into one answer well below the endpoint's minute.
BATCH = 25
_ITEM = re.compile(r"Q[1-9]\d*")
_TEMPLATE = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX schema: <http://schema.org/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX psv: <http://www.wikidata.org/prop/statement/value/>
PREFIX wikibase: <http://wikiba.se/ontology#>
SELECT ?item ?what ?value ?label WHERE {
  VALUES ?item { %(items)s }
  { VALUES ?what { %(properties)s } ?item ?what ?value
    OPTIONAL { ?value rdfs:label ?label FILTER(LANG(?label) = "en") } }
  UNION { VALUES ?what { rdfs:label skos:altLabel } ?item ?what ?value
    FILTER(LANG(?value) IN (%(languages)s)) }
  UNION { ?item schema:version ?value BIND(schema:version AS ?what) }
  UNION { ?page schema:about ?item ; schema:version ?value BIND(schema:version AS ?what) }
  UNION { ?item owl:sameAs ?value BIND(owl:sameAs AS ?what) }
  UNION { ?item p:P571 ?said . ?said a wikibase:BestRank ; psv:P571 ?full .
    ?full wikibase:timeValue ?value ; wikibase:timePrecision ?label BIND(wikibase:began AS ?what) }
}"""
#: A value that is known to exist and not known: a blank node, or one of these IRIs.
_UNKNOWN = "/.well-known/genid/"


@dataclass
class Item:
    """What an endpoint says of one item: (property or name, term, English label) of each fact."""

    id: str
    facts: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    @property
    def exists(self) -> bool:
        """Whether anything is said of the item."""
        return bool(self.facts)

    @property
    def redirect(self) -> str:
        """The item that this one was merged into, else ""."""
        for what, term, _ in self.facts:
            if what == "sameAs":
                return term["value"].removeprefix(ENTITY)
        return ""

    @property
    def revision(self) -> str:
        """The revision that was read, "" where the endpoint does not say."""
        return next((t["value"] for what, t, _ in self.facts if what == "version"), "")

    @property
    def names(self) -> list[str]:
        """Labels and aliases."""
        return [t["value"] for what, t, _ in self.facts if what in ("label", "altLabel")]

    @property
    def label(self) -> str:
        """The English label, else any name."""
        labels = [t for what, t, _ in self.facts if what == "label"]
        english = [t["value"] for t in labels if t.get("xml:lang") == "en"]
        return (english or self.names or [self.id])[0]

    def began(self) -> list[tuple[int, str]]:
        """Return the years of inception, each with the words for it; those surer than a century.

        Wikidata's precision is 7 for a century, 8 for a decade, 9 for a year and more for days.
        """
        precise = {t["value"]: int(p) for what, t, p in self.facts if what == "began"}
        found = set()
        for term in self.values("P571"):
            year, precision = term["value"][:4], precise.get(term["value"], 9)
            if year.isdigit() and precision >= 8:
                found.add((int(year), f"the {year[:3]}0s" if precision == 8 else year))
        return sorted(found)

    def values(self, what: str) -> list[dict[str, str]]:
        """Return the values of a property."""
        return [term for name, term, _ in self.facts if name == what]

    def items_of(self, what: str) -> set[str]:
        """Return the items that are values of a property."""
        return {
            t["value"].removeprefix(ENTITY)
            for t in self.values(what)
            if t["value"].startswith(ENTITY)
        }

    def labels_of(self, what: str) -> set[str]:
        """Return the English labels of a property's values."""
        return {label for name, _, label in self.facts if name == what and label}


def batches(items: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """Yield the items in lists of at most `size`, each item once."""
    ordered = sorted(set(items))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def fetch_items(fetcher: Fetcher, items: Iterable[str]) -> dict[str, Item]:
    """Return what the endpoint says of each of `items` (Q-ids), asked for at once.

    Raises RemoteFailed when the endpoint does not answer, or answers something else.
    """
    wanted = [i for i in items if _ITEM.fullmatch(i)]
    found = {i: Item(i) for i in wanted}
    content = fetcher.post({"query": query(wanted)}, accept="application/sparql-results+json")
    for row in bindings(content, fetcher.url):
        id = row["item"]["value"].removeprefix(ENTITY)
        value = row.get("value", {"type": "bnode"})
        if value["type"] == "bnode" or _UNKNOWN in value["value"]:
            continue
        if id in found and "what" in row:
            what = re.split(r"[/#]", row["what"]["value"])[-1]
            label = row.get("label", {}).get("value", "")
            found[id].facts.append((what, row["value"], label))
    return found


def query(items: Iterable[str]) -> str:
    """Return the query for the facts of `items`."""
    return _TEMPLATE % {
        "items": " ".join(f"<{ENTITY}{i}>" for i in items),
        "properties": " ".join(f"<{DIRECT}{p}>" for p in PROPERTIES),
        "languages": ", ".join(f'"{tag}"' for tag in LANGUAGES),
    }


def bindings(content: Any, url: str) -> list[Mapping[str, dict[str, str]]]:
    """Return the solutions of a SPARQL JSON result. Raises RemoteFailed when it is none."""
    try:
        rows = content["results"]["bindings"]
        assert all(isinstance(t["value"], str) for row in rows for t in row.values())
        return list(rows)
    except (KeyError, TypeError, AttributeError, AssertionError):
        raise RemoteFailed(f"{url} sent JSON that is no result of a query.") from None
