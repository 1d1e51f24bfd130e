"""The pages on which a submitted case waits: its preview, and accepting or refusing it.

Visible to its author and to those who accept cases only. The token is sent in the body of each
request, from a field of the page: nothing is kept in the browser, no address holds it, and no other
site can send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response

from catchup.kg import names
from catchup.kg.cases.formats import refuse_large
from catchup.kg.cases.journal import Version
from catchup.kg.cases.keep import Sent
from catchup.kg.cases.known import Known
from catchup.kg.cases.tokens import Forbidden, Holder, authenticate
from catchup.kg.search import labels_of
from catchup.server.cases import Cases, rdf
from catchup.server.pages.facts import short
from catchup.server.pages.frame import Frame
from catchup.server.pages.visit import read_visit
from catchup.server.services import Services

#: A form holds a token and a short note.
_FORM = 20_000
_LABELS = (names.RDFS + "label", names.SKOS + "prefLabel")


@dataclass(frozen=True)
class Shown:
    """A value on the page: its text, and the address that it links to, if any."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Block:
    """A node of the case: its anchor, name and kinds, and what is said of it."""

    anchor: str
    name: str
    kinds: str
    rows: list[tuple[str, list[Shown]]]


class Reader:
    """Puts the triples of a case into words, with the names that the graph has for the rest."""

    def __init__(self, triples: list[ox.Triple], known: Known, lang: str) -> None:
        self._known = known
        self._lang = lang
        self._nodes: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = {}
        for t in triples:
            row = self._nodes.setdefault(t.subject.value, {})  # type: ignore[union-attr]
            row.setdefault(t.predicate.value, []).append(t.object)  # type: ignore[arg-type]

    def blocks(self) -> list[Block]:
        """Return the nodes: claims first, each followed by what it alone leads to."""
        claims = [n for n in sorted(self._nodes) if names.CU + "Claim" in self._kinds(n)]
        order: dict[str, None] = {}

        def visit(node: str) -> None:
            if node in order or node not in self._nodes:
                return
            order[node] = None
            for values in self._nodes[node].values():
                for value in values:
                    if isinstance(value, ox.NamedNode) and value.value.startswith(node[:12]):
                        visit(value.value)

        for claim in claims:
            visit(claim)
        for node in sorted(self._nodes):
            visit(node)
        return [self._block(node) for node in order]

    def _block(self, node: str) -> Block:
        rows = [
            (self._name(p), [self._shown(v) for v in values])
            for p, values in self._nodes[node].items()
            if p != names.RDF + "type" and p not in _LABELS
        ]
        kinds = ", ".join(self._name(k) for k in self._kinds(node))
        return Block(short(node), self._name(node), kinds, sorted(rows, key=lambda r: r[0]))

    def _kinds(self, node: str) -> list[str]:
        return [v.value for v in self._nodes[node].get(names.RDF + "type", ())]

    def _shown(self, value: ox.NamedNode | ox.Literal) -> Shown:
        if isinstance(value, ox.Literal):
            return Shown(value.value)
        if value.value in self._nodes:
            return Shown(self._name(value.value), "#" + short(value.value))
        inside = value.value.removeprefix(names.BASE)
        return Shown(self._name(value.value), "/" + inside if inside != value.value else "")

    def _name(self, iri: str) -> str:
        own = self._nodes.get(iri, {})
        labels = [v.value for p in _LABELS for v in own.get(p, ())]
        if not labels and self._known.db is not None:
            labels = list(labels_of(self._known.db, [iri], self._lang).values())
        return labels[0] if labels else iri.rsplit("/", 1)[-1]


def router(services: Services, frame: Frame) -> APIRouter:
    """Return the routes of the pages for pending cases."""
    routes = APIRouter(tags=["cases"])
    cases = Cases(services)

    async def form(request: Request) -> dict[str, str]:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            refuse_large(len(content) * 100 if len(content) > _FORM else 0)
        given = parse_qs(content.decode("utf-8", "replace"), max_num_fields=20)
        return {name: values[0] for name, values in given.items()}

    def holder_of(given: dict[str, str]) -> Holder:
        return authenticate(services.config.tokens, "Bearer " + given.get("token", ""))

    def page(title: str, **context: object) -> Response:
        shown: dict[str, object] = {
            "writing": services.config.tokens is not None,
            "token": "",
            "may_accept": False,
            "cases": None,
            "case": None,
            "blocks": [],
            "results": [],
            "done": "",
        }
        text = frame.plain(
            "case-review.html", title, "Cases that wait to be accepted.", **shown | context
        )
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(text, headers=headers, media_type="text/html")

    def listing(given: dict[str, str], holder: Holder, done: str = "") -> Response:
        waiting = [v for v in cases.listed(holder) if v.state in ("pending", "refused")]
        return page(
            "Pending cases",
            token=given["token"],
            may_accept=holder.may_accept,
            cases=waiting,
            done=done,
        )

    async def preview(
        given: dict[str, str], holder: Holder, case: str, request: Request
    ) -> Response:
        versions = cases.seen_by(holder, case)
        newest = versions[-1]
        results = await checked(newest, request)
        lang = read_visit(services, dict(request.scope), frame.held).lang
        blocks = Reader(cases.triples(versions), Known.at(cases.home), lang).blocks()
        return page(
            f"Preview: {newest.title}",
            token=given["token"],
            may_accept=holder.may_accept,
            case=newest,
            blocks=blocks,
            results=results,
        )

    async def checked(version: Version, request: Request) -> list[dict[str, object]]:
        """Check a draft against the graph as it is now."""
        if version.state != "pending":
            return []
        content = cases.keeper.journal.content(version)
        file = f"{version.case}.{version.format}"
        sent = Sent(content, version.format, file, version.case)
        report, _ = await cases.run(request, lambda: cases.keeper.check(sent))
        found: list[dict[str, object]] = report["results"]
        return found

    @routes.get("/cases/pending", summary="Where an author or a curator looks at pending cases")
    async def ask() -> Response:
        return page("Pending cases")

    @routes.post("/cases/pending", summary="The pending cases that the sender of a token may see")
    async def pending(request: Request) -> Response:
        given = await form(request)
        return listing(given, holder_of(given))

    @routes.post("/cases/{case}/review", summary="Preview a pending case, accept it or refuse it")
    async def review(case: str, request: Request) -> Response:
        given = await form(request)
        holder = holder_of(given)
        cases.seen_by(holder, case)
        action, author = given.get("action", ""), cases.author(holder)
        if action in ("turtle", "jsonld"):
            media = "text/turtle" if action == "turtle" else "application/ld+json"
            return rdf(cases.triples(cases.seen_by(holder, case)), media)
        if action not in ("accept", "refuse"):
            return await preview(given, holder, case, request)
        if not holder.may_accept:
            raise Forbidden("Your token may submit cases, not accept or refuse them.")
        if action == "accept":
            await cases.run(request, lambda: cases.keeper.accept(case, author))
            await cases.changed()
            return listing(given, holder, f"{case}: accepted")
        await cases.run(request, lambda: cases.keeper.refuse(case, author, given.get("note", "")))
        return listing(given, holder, f"{case}: refused")

    return routes
