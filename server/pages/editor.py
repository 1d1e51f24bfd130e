"""The page to write queries on, and the page of their results."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from catchup.kg.catalogue import catalogue
from catchup.kg.names import CU, OWL, PREFIXES, D, compact
from catchup.server.asgi import REQUESTED
from catchup.server.pages.data import Data, NoIndex
from catchup.server.pages.draw.answer import pictures
from catchup.server.pages.facts import Names, href
from catchup.server.pages.frame import WEB, Frame
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.visit import Visit, read_visit

#: Rows of a result that a page shows, and characters of rows or of a graph, so that no page passes
#: 100 kB (a row's markup is a third of it, measured); the formats give them all.
SHOWN = 500
_LONG = 60_000
#: What an answer can be taken away as, by the query's form.
_FILES = {
    "SELECT": ("csv", "json", "tsv", "xml"),
    "ASK": ("json", "xml"),
    "CONSTRUCT": ("ttl", "jsonld", "nt", "rdf"),
    "DESCRIBE": ("ttl", "jsonld", "nt", "rdf"),
}
_FIRST = """SELECT ?firm ?label ?capability ?claim WHERE {
  ?episode cu:hasLearner ?firm ; cu:resultsInCapability/cu:capabilityType ?capability .
  ?claim cu:asserts ?episode .
  ?firm rdfs:label ?label
  FILTER(LANG(?label) = "en")
} LIMIT 50"""
_CLAIM = re.compile(re.escape(D) + "c-([a-z]+-[0-9]+)")
_KINDS = {
    "classes": (OWL + "Class",),
    "properties": (OWL + "ObjectProperty", OWL + "DatatypeProperty", OWL + "AnnotationProperty"),
}


def first_query() -> str:
    """Return the query that the editor opens with, its prefixes declared a line each."""
    wanted = ("cu", "cuv", "d", "rdfs")
    return "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in wanted) + _FIRST


def editor(frame: Frame, query: str = "") -> str:
    """Return the editor's page: a plain form that the scripts replace where they run."""
    return frame.plain(
        "editor.html",
        "SPARQL",
        "Write a query of the graph and take its answer away.",
        query=query or first_query(),
        scripts=(WEB / "static" / "vendor" / "yasgui.min.js").is_file(),
        questions=list(catalogue().values()),
        limits=frame.services.config.limits,
    )


async def about(visit: Visit) -> Sheet:
    """Return what the editor's script needs: prefixes, terms with labels, questions, limits."""
    index, limits = visit.data.index, visit.services.config.limits

    def terms(kinds: tuple[str, ...]) -> list[dict[str, str]]:
        marks = ", ".join("?" for _ in kinds)
        found = index.execute(
            f"SELECT DISTINCT iri FROM types WHERE type IN ({marks}) ORDER BY iri",  # noqa: S608
            kinds,
        )
        iris = [iri for (iri,) in found if iri.startswith(CU)]
        names = visit.data.names(iris)
        return [{"iri": iri, "label": names(iri)} for iri in iris]

    data = {
        "prefixes": PREFIXES,
        **{kind: terms(types) for kind, types in _KINDS.items()},
        "questions": [
            {"name": q.name, "question": q.question, "query": q.query} for q in catalogue().values()
        ],
        "limits": {"seconds": limits.timeout, "rows": limits.rows, "bytes": limits.bytes},
    }
    return Sheet("editor.html", "SPARQL", "", json=lambda: data)


def results(frame: Frame, query: str, form: str, body: bytes, truncated: str) -> str:
    """Return the page of an answer; `body` is SPARQL JSON, or Turtle for a graph."""
    scope = REQUESTED.get()
    lang = read_visit(frame.services, scope, frame.held).lang if scope else "en"
    shown = answer_context(form, body, namer(frame, lang))
    encoded = quote(query, safe="")
    return frame.plain(
        "results.html",
        "Result",
        "The answer to a query.",
        query=query,
        encoded=encoded,
        files=[(f.upper(), f"/sparql?query={encoded}&format={f}") for f in _FILES[form]],
        truncated=truncated,
        **shown,
    )


def namer(frame: Frame, lang: str) -> Callable[[Iterable[str]], Names]:
    """Return what gives labels, where the server has an index."""

    def names(iris: Iterable[str]) -> Names:
        try:
            return Data(frame.services, "", lang).names(iris)
        except NoIndex:
            return Names({})

    return names


def answer_context(
    form: str, body: bytes, names: Callable[[Iterable[str]], Names]
) -> dict[str, Any]:
    """Return what results and question pages show of an answer."""
    empty: dict[str, Any] = {
        "graph": "", "answer": None, "columns": [], "rows": [], "count": 0, "drawings": [],
    }  # fmt: skip
    if form in ("CONSTRUCT", "DESCRIBE"):
        text = body.decode()
        return empty | {
            "graph": text[:_LONG],
            "count": text.count("\n") if len(text) > _LONG else 0,
        }
    data = json.loads(body)
    if "boolean" in data:
        return empty | {"answer": bool(data["boolean"])}
    columns: list[str] = data["head"]["vars"]
    bindings = data["results"]["bindings"]
    shown = bindings[:SHOWN]
    name = names({t["value"] for row in shown for t in row.values() if t["type"] == "uri"})
    return empty | {
        "columns": columns,
        "rows": _fitting([[_cell(row.get(c), name) for c in columns] for row in shown]),
        "count": len(bindings),
        "drawings": pictures(columns, shown, name),
    }


def _fitting(rows: list[list[dict[str, str]]]) -> list[list[dict[str, str]]]:
    """Return the first rows, as many as fit on a page."""
    room = _LONG
    for n, row in enumerate(rows):
        room -= sum(sum(map(len, cell.values())) + 12 for cell in row)
        if room < 0:
            return rows[: max(n, 1)]
    return rows


def _cell(term: dict[str, str] | None, name: Names) -> dict[str, str]:
    if term is None:
        return {"text": "", "href": "", "lang": "", "iri": ""}
    value = term["value"]
    if number := _CLAIM.fullmatch(value):
        return {"text": number[1].upper(), "href": href(value), "lang": "", "iri": name(value)}
    if term["type"] == "uri":
        return {"text": name(value), "href": href(value), "lang": "", "iri": compact(value)}
    return {"text": value, "href": "", "lang": term.get("xml:lang", ""), "iri": ""}
