"""Facts of linked items, fetched from Wikidata into a graph of their own, outside the default one.

The file is written whole when all items are fetched; what was fetched so far stands beside it in
a journal, so that a run that was broken off goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.errors import CannotRun
from catchup.kg.linking.entities import Entity
from catchup.kg.linking.fetch import Fetcher
from catchup.kg.linking.wikidata import DIRECT, ENTITY, Item, batches, fetch_items
from catchup.kg.snapshot.manifest import write_durably

#: Wikidata's structured data are dedicated to the public domain.
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
_SDO = "http://schema.org/"
_PREFIXES = {
    **{p: names.PREFIXES[p] for p in ("rdfs", "skos", "xsd", "dcterms", "prov", "wd")},
    "wdt": DIRECT,
    "sdo": _SDO,
}
Progress = Callable[[int, int], None]


def fetch(
    fetcher: Fetcher,
    items: Iterable[str],
    journal: Path,
    progress: Progress = lambda done, of: None,
) -> list[tuple[Item, str]]:
    """Return each item with the moment it was fetched, going on from `journal`.

    `progress` is told how many of how many are there. Raises RemoteFailed; what was fetched
    before stays in the journal.
    """
    wanted = sorted(set(items))
    kept = _read_journal(journal)
    found = {i: kept[i] for i in wanted if i in kept}
    progress(len(found), len(wanted))
    for some in batches(i for i in wanted if i not in found):
        fetched = fetch_items(fetcher, some)
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        new = {id: (item, moment) for id, item in fetched.items()}
        _append(journal, new)
        found |= new
        progress(len(found), len(wanted))
    return [found[i] for i in wanted]


def triples(fetched: Iterable[tuple[Item, str]], endpoint: str) -> list[ox.Triple]:
    """Return the facts of items that exist, each item with its retrieval, revision and licence."""
    found: dict[ox.Triple, None] = {}
    for item, moment in fetched:
        if item.exists and not item.redirect:
            for triple in _of_item(item, moment, endpoint):
                found[triple] = None
    return sorted(found, key=str)


def save(path: Path, content: Iterable[ox.Triple], journal: Path) -> None:
    """Write the graph as Turtle, whole, and forget the journal. Raises CannotRun."""
    body = ox.serialize(content, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    write_durably(path, body or b"")
    journal.unlink(missing_ok=True)


def disagreements(
    fetched: Iterable[tuple[Item, str]], entities: Mapping[str, Entity]
) -> list[tuple[str, str, str, str]]:
    """Return where items and our sources disagree: entity, subject, what we have, what they have.

    A country is compared as an item; a year of inception with the first dated event of a firm.
    """
    by_item = {e.links["wd"]: e for e in entities.values() if "wd" in e.links}
    found = []
    for item, _ in fetched:
        ours = by_item.get(item.id)
        if ours is None:
            continue
        known = {c.links["wd"]: c.label for c in ours.countries if "wd" in c.links}
        theirs = item.items_of("P17")
        if known and theirs and not theirs & set(known):
            said = ", ".join(sorted(item.labels_of("P17") or theirs))
            found.append((ours.curie, "country", ", ".join(sorted(known.values())), said))
        began = item.began()
        if began and ours.first_year is not None and began[0][0] > ours.first_year:
            said = " or ".join(words for _, words in began)
            first = f"acted in {ours.first_year}"
            found.append((ours.curie, "inception", first, f"began in {said}"))
    return sorted(found)


def _of_item(item: Item, moment: str, endpoint: str) -> Iterable[ox.Triple]:
    node = ox.NamedNode(ENTITY + item.id)
    for what, term, label in item.facts:
        if what in ("label", "altLabel"):
            space = names.RDFS if what == "label" else names.SKOS
            yield ox.Triple(node, ox.NamedNode(space + what), _term(term))
        elif what not in ("version", "sameAs", "began"):
            value = _term(term)
            yield ox.Triple(node, ox.NamedNode(DIRECT + what), value)
            if label and isinstance(value, ox.NamedNode):
                english = ox.Literal(label, language="en")
                yield ox.Triple(value, ox.NamedNode(names.RDFS + "label"), english)
    record = ox.NamedNode(names.graph_iri("enrichment") + "#" + item.id)
    at = ox.Literal(moment, datatype=ox.NamedNode(names.XSD + "dateTime"))
    yield ox.Triple(record, ox.NamedNode(names.PROV + "generatedAtTime"), at)
    yield ox.Triple(record, ox.NamedNode(names.PROV + "wasDerivedFrom"), node)
    yield ox.Triple(record, ox.NamedNode(names.DCTERMS + "source"), ox.NamedNode(endpoint))
    yield ox.Triple(record, ox.NamedNode(names.DCTERMS + "license"), ox.NamedNode(LICENCE))
    if item.revision:
        revision = ox.Literal(item.revision)
        yield ox.Triple(record, ox.NamedNode(_SDO + "version"), revision)


def _term(term: Mapping[str, str]) -> ox.NamedNode | ox.Literal:
    if term["type"] == "uri":
        return ox.NamedNode(term["value"])
    if "xml:lang" in term:
        return ox.Literal(term["value"], language=term["xml:lang"].lower())
    datatype = term.get("datatype")
    return ox.Literal(term["value"], datatype=ox.NamedNode(datatype) if datatype else None)


def _read_journal(path: Path) -> dict[str, tuple[Item, str]]:
    found: dict[str, tuple[Item, str]] = {}
    if not path.is_file():
        return found
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            item = Item(row["id"], [(w, t, label) for w, t, label in row["facts"]])
            found[item.id] = (item, row["moment"])
        except (ValueError, KeyError, TypeError):
            break  # the line that a crash cut short: it is fetched again
    return found


def _append(path: Path, new: Mapping[str, tuple[Item, str]]) -> None:
    lines = [json.dumps({**asdict(i), "moment": at}, ensure_ascii=False) for i, at in new.values()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        raise CannotRun(f"{path} cannot be written: {error.strerror}.") from None
