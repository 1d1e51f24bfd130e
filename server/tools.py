"""What agents can do: one implementation for stdio and HTTP, through the same doors as visitors.

Each tool takes plain arguments and returns plain data with `status` "ok" or "empty"; a failure
raises one of our errors, which the server turns into status "failed".
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pyoxigraph as ox

from catchup.kg import names, settings
from catchup.kg.cases.formats import by_name, refuse_large
from catchup.kg.cases.holder import checker
from catchup.kg.cases.keep import Keeper, Sent
from catchup.kg.catalogue import catalogue, declared, question
from catchup.kg.engine.model import Answer, Request, Term
from catchup.kg.errors import InputError, NotFound, Where
from catchup.kg.parameters import bind, resolve
from catchup.kg.reasoning.notation import parse_triple
from catchup.kg.search import labels_of
from catchup.kg.terms import value
from catchup.kg.values import python_value, table
from catchup.server.budget import BUDGET, page, shortened, size
from catchup.server.pages.data import snapshot_files
from catchup.server.questions import entry
from catchup.server.schema_card import card
from catchup.server.search import find
from catchup.server.services import Services

#: Rows of one answer when none are asked for, and at most.
ROWS, MOST = 50, 1000
#: What a description begins with.
_FIRST = ("rdfs:label", "skos:prefLabel", "rdf:type", "skos:definition", "rdfs:comment")


class Tools:
    """The tools of one server, run for one client at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        config = services.config
        home = config.home or settings.home()
        self._keeper = Keeper(home, config.base, checker().run)

    async def schema_card(self, client: str) -> dict[str, Any]:
        """Return the schema card."""
        return {"status": "ok", "card": card(), "hasMore": False}

    async def resolve_entity(
        self, client: str, text: str, type: str = "", lang: str = "en", limit: int = 5
    ) -> dict[str, Any]:
        """Return what a name may mean."""
        hits, more = await find(self._services, client, text, type, lang, limit)
        shown = [
            {
                "name": names.compact(h.iri),
                "label": h.label,
                "types": [t for t in map(names.compact, h.types) if t.startswith(("cu:", "skos:"))],
                "matched": shortened(h.matched),
                "score": h.score,
            }
            for h in hits
        ]
        again = {"text": text, "type": type, "lang": lang, "limit": limit}
        out = page("candidates", shown, 0, limit, again)
        out.pop("next", None)
        if more:
            out |= {"hasMore": True, "next": {**again, "limit": min(limit * 4, 200)}}
        if not hits:
            out["note"] = "Nothing has such a name. Try fewer or other words, or no type."
        return out

    async def list_questions(
        self, client: str, keyword: str = "", offset: int = 0, limit: int = MOST
    ) -> dict[str, Any]:
        """Return the questions of the catalogue, those with `keyword` if given."""
        listed = []
        for q in catalogue().values():
            if keyword.lower() not in f"{q.name} {q.question} {' '.join(q.keywords)}".lower():
                continue
            own = entry(q, "")
            parameters = [
                {k: v for k, v in p.items() if v not in (None, "")} for p in own["parameters"]
            ]
            listed.append({"name": q.name, "question": q.question, "parameters": parameters})
        return page("questions", listed, offset, limit, {"keyword": keyword, "limit": limit})

    async def run_question(
        self,
        client: str,
        name: str,
        parameters: dict[str, Any] | None = None,
        offset: int = 0,
        limit: int = ROWS,
    ) -> dict[str, Any]:
        """Return the answer to a question of the catalogue."""
        asked = question(name)
        given = {k: _text(k, v) for k, v in (parameters or {}).items() if v is not None}
        terms: dict[str, Term] = {}
        if given or asked.parameters:
            index = snapshot_files(self._services)[1]
            terms = await asyncio.to_thread(bind, asked, given, index)
        request = Request(asked.query, rdf="ntriples", substitutions=terms)
        again = {"name": asked.name, "parameters": given, "limit": limit}
        bound = {k: names.compact(t["value"]) for k, t in terms.items()}
        return await self._rows(client, request, offset, limit, again, parameters=bound)

    async def sparql(
        self, client: str, query: str, offset: int = 0, limit: int = ROWS
    ) -> dict[str, Any]:
        """Return the answer to a SPARQL query; our prefixes need no declaration."""
        request = Request(declared(query), rdf="ntriples")
        return await self._rows(client, request, offset, limit, {"query": query, "limit": limit})

    async def describe(
        self, client: str, entity: str, offset: int = 0, limit: int = MOST
    ) -> dict[str, Any]:
        """Return what the graph says of a thing, and what points to it."""
        iri = await self._entity(entity)
        request = Request(iri, kind="entity", rdf="ntriples")
        answer = await self._ask(request, client)
        triples = list(ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES))
        iris = {v for t in triples for v in (value(t.subject), value(t.object))}
        index = snapshot_files(self._services)[1]
        labels = await asyncio.to_thread(labels_of, index, sorted(iris))
        said, pointing = [], []
        for t in triples:
            subject, predicate = value(t.subject), names.compact(t.predicate.value)
            if subject == iri:
                said.append({"property": predicate, "value": _shown(t.object, labels)})
            elif value(t.object) == iri:
                pointing.append({"subject": _shown(t.subject, labels), "property": predicate})
        if not said and not pointing:
            raise NotFound(f"<{iri}> is not in the graph.", remedy="Use resolve_entity.")
        again = {"entity": names.compact(iri), "limit": limit}
        said.sort(key=lambda x: _FIRST.index(x["property"]) if x["property"] in _FIRST else 9)
        items = [*said, *pointing]
        out = page("statements", items, offset, limit, again, entity=names.compact(iri))
        if answer.truncated:
            out["note"] = "More things point to it than are listed; ask for them with sparql."
        return out

    async def explain(
        self, client: str, subject: str, predicate: str, object: str
    ) -> dict[str, Any]:
        """Return why a triple is in the graph."""
        s, p, o = parse_triple(subject, predicate, object)
        answer = await self._ask(Request(f"{s} {p} {o} .", kind="explain", rdf=None), client)
        why = json.loads(answer.body)
        left = _pruned(why)
        out: dict[str, Any] = {"status": "ok", "explanation": why, "hasMore": bool(left)}
        if left:
            out["leftOut"] = f"{left} premises have grounds that are left out."
            out["next"] = "Explain a premise by itself: its 'triple' has the three arguments."
        return out

    async def check_case(
        self, client: str, content: str, format: str = "yaml", offset: int = 0, limit: int = MOST
    ) -> dict[str, Any]:
        """Return what is wrong with an entry of a case; nothing is stored."""
        kind = by_name(format)
        data = content.encode()
        refuse_large(len(data))
        sent = Sent(data, kind.name, f"case{kind.suffixes[0]}")
        budgets, began = self._services.budgets, time.perf_counter()
        budgets.check(client)
        try:
            report, _ = await asyncio.to_thread(self._keeper.check, sent)
        finally:
            budgets.charge(client, time.perf_counter() - began)
        results = [
            {k: shortened(v) if isinstance(v, str) else v for k, v in r.items()}
            for r in report["results"]
        ]
        again = {"content": "(the same)", "format": format, "limit": limit}
        found = page("results", results, offset, limit, again, conforms=report["conforms"])
        return {**found, "status": "ok"}

    async def _ask(self, request: Request, client: str) -> Answer:
        answer, cached = await self._services.answer(request, client)
        self._services.release(answer, cached)
        return answer

    async def _rows(
        self,
        client: str,
        request: Request,
        offset: int,
        limit: int,
        again: dict[str, Any],
        **more: Any,
    ) -> dict[str, Any]:
        answer = await self._ask(request, client)
        more["form"] = answer.form
        if answer.form in ("SELECT", "ASK"):
            columns, rows = table(answer.body)
            shown: list[Any] = [[_cell(row.get(c)) for c in columns] for row in rows]
            out = page("rows", shown, offset, limit, again, columns=columns, **more)
        else:
            lines = [line for line in answer.body.decode().splitlines() if line[:1] != "#"]
            out = page("triples", sorted(map(shortened, lines)), offset, limit, again, **more)
        if answer.truncated:
            out["note"] = (
                f"The whole answer was cut at the limit of {answer.truncated}: 'total' counts what"
                " is left. Ask for less with FILTER, or count with COUNT."
            )
        return out

    async def _entity(self, text: str) -> str:
        """Return the IRI that a text names: IRI, prefixed or local name, label, identifier."""
        index = snapshot_files(self._services)[1]

        return await asyncio.to_thread(resolve, text.strip(), "", index, "entity")


def _text(name: str, given: Any) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, str | int | float):
        return str(given)
    raise InputError(
        f"'{name}' is neither a text nor a number.",
        where=Where(field=name),
        remedy="Give one value for each parameter.",
    )


def _cell(term: dict[str, str] | None) -> Any:
    if term is None:
        return None
    if term["type"] == "uri":
        return names.compact(term["value"])
    found = python_value(term)
    if isinstance(found, str):
        return shortened(found)
    if isinstance(found, Decimal):
        return float(found)
    return found.isoformat() if isinstance(found, date) else found


def _shown(term: Any, labels: dict[str, str]) -> Any:
    if isinstance(term, ox.Literal):
        return {"text": shortened(term.value), **({"lang": term.language} if term.language else {})}
    iri = value(term)
    out = {"name": names.compact(iri)}
    if iri in labels:
        out["label"] = shortened(labels[iri])
    return out


def _pruned(why: dict[str, Any]) -> int:
    """Take grounds off an explanation, the deepest first, until it fits; returns how many."""
    left = 0
    while size(why) > BUDGET:
        deepest = _deepest(why, 0)[1]
        if deepest is None:
            break
        left += 1
        deepest.pop("premises", None) or deepest.pop("claims", None)
        deepest["groundsLeftOut"] = True
    return left


def _deepest(node: dict[str, Any], depth: int) -> tuple[int, dict[str, Any] | None]:
    best: tuple[int, dict[str, Any] | None] = (-1, None)
    for premise in node.get("premises", ()):
        best = max(best, _deepest(premise, depth + 1), key=lambda b: b[0])
    if best[1] is None and (node.get("premises") or node.get("claims")):
        return depth, node
    return best
