"""Entering cases over HTTP: validate, submit, read, revise, accept, withdraw."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response

from catchup.kg import names, settings
from catchup.kg.cases.formats import by_media, refuse_large
from catchup.kg.cases.holder import checker
from catchup.kg.cases.journal import UNSEEN, Version
from catchup.kg.cases.keep import Author, Keeper, Sent
from catchup.kg.cases.tokens import Forbidden, Holder, authenticate
from catchup.kg.errors import CatchupError, NotFound
from catchup.kg.shapes.report import shacl_report
from catchup.server.limits import client_of
from catchup.server.operation import package_version
from catchup.server.problems import HttpProblem
from catchup.server.services import AsyncRemote, Services

RDF = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
}
T = TypeVar("T")


class PreconditionRequired(HttpProblem):
    """A revision does not say what it revises."""

    title = "Say which version you revise"
    kind = "precondition-required"
    status = 428


class Cases:
    """What the routes share: the keeper, and who may write."""

    def __init__(self, services: Services) -> None:
        self.services = services
        config = services.config
        self.home: Path = config.home or settings.home()
        infer = None if isinstance(services.store, AsyncRemote) else services.store.infer  # type: ignore[attr-defined]
        if config.tokens is not None:
            checker().start()
        self.keeper = Keeper(self.home, config.base, checker().run, infer)
        self.tool = f"catchup {package_version()} (HTTP)"

    async def sent(self, request: Request, case: str = "") -> Sent:
        """Read the body of a request, never more than a case may have."""
        kind = by_media(request.headers.get("content-type", ""))
        length = request.headers.get("content-length", "")
        refuse_large(int(length) if length.isdigit() else 0)
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            refuse_large(len(content))
        return Sent(bytes(content), kind.name, f"case{kind.suffixes[0]}", case)

    def holder(self, request: Request) -> Holder:
        """Return who sent the request. Raises WritingIsOff or Unauthorised."""
        return authenticate(self.services.config.tokens, request.headers.get("authorization", ""))

    def author(self, holder: Holder) -> Author:
        """Return what is recorded of a holder."""
        return Author(holder.name, holder.orcid, self.tool)

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """Do blocking work in a thread; its time is charged to the client."""
        client = client_of(dict(request.scope), self.services.config.proxies)
        self.services.budgets.check(client)
        began = time.perf_counter()
        try:
            return await asyncio.to_thread(work)
        finally:
            self.services.budgets.charge(client, time.perf_counter() - began)

    async def changed(self) -> None:
        """Serve the new snapshot before answering, so that what is acknowledged is there."""
        if not self.services.config.store:
            await self.services.reload()

    def visible(self, case: str, request: Request) -> list[Version]:
        """Return the versions of a case that the sender may see. Raises NotFound."""
        try:
            holder: Holder | None = self.holder(request)
        except CatchupError:
            holder = None
        return self.seen_by(holder, case)

    def seen_by(self, holder: Holder | None, case: str) -> list[Version]:
        """Return the versions of a case that someone may see; a draft is its author's.

        Raises NotFound when there is none.
        """
        versions = self.keeper.journal.versions(case)
        own = {v.orcid for v in versions if v.state == "pending"}
        insider = holder is not None and (holder.may_accept or holder.orcid in own)
        shown = [v for v in versions if insider or v.state not in UNSEEN]
        if not shown:
            raise NotFound(f"There is no case '{case[:60]}'.", remedy="See /cases.")
        return shown

    def listed(self, holder: Holder | None) -> list[Version]:
        """Return the newest version that someone may see of every case."""
        found = []
        for case in self.keeper.journal.ids():
            with contextlib.suppress(NotFound):
                found.append(self.seen_by(holder, case)[-1])
        return found

    def triples(self, versions: list[Version]) -> list[ox.Triple]:
        """Return what the newest version that has content says."""
        version = next((v for v in reversed(versions) if v.format), versions[-1])
        quads = ox.parse(self.keeper.journal.quads(version), format=ox.RdfFormat.N_QUADS)
        return [q.triple for q in quads]


def record(version: Version, url: str) -> dict[str, Any]:
    """Return a version as JSON shows it."""
    return {
        "id": version.case,
        "version": version.number,
        "state": version.state,
        "title": version.title,
        "by": version.orcid or version.agent,
        "at": version.at,
        "tool": version.tool,
        "licence": version.licence,
        "graph": version.graph,
        "url": f"{url}/cases/{version.case}",
        **({"note": version.note} if version.note else {}),
    }


def answer(
    data: Any, status: int = 200, version: Version | None = None, **headers: str
) -> Response:
    """Return JSON, with the ETag of the version that it shows."""
    if version is not None:
        headers["ETag"] = f'"{version.etag}"'
    body = json.dumps(data, ensure_ascii=False).encode()
    shown = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **headers}
    return Response(body, status, shown, media_type="application/json")


def rdf(triples: list[ox.Triple], media: str) -> Response:
    """Return triples in an RDF format; nobody keeps them, for they may be a draft."""
    body = ox.serialize(triples, format=RDF[media], prefixes=names.PREFIXES) or b""
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}
    return Response(body, headers=headers, media_type=media)


def router(services: Services) -> APIRouter:
    """Return the routes below /cases, `/cases/new` excepted, which is a page."""
    routes = APIRouter(tags=["cases"])
    cases = Cases(services)
    url = services.config.url

    @routes.post("/cases/validate", summary="Check a case; nothing is stored")
    async def validate(request: Request) -> Response:
        sent = await cases.sent(request)
        report, _ = await cases.run(request, lambda: cases.keeper.check(sent))
        wanted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
        if wanted in RDF:
            triples = shacl_report(report["results"], report["conforms"])
            body = ox.serialize(triples, format=RDF[wanted]) or b""
            return Response(body, media_type=wanted, headers={"Vary": "Accept"})
        return answer({k: v for k, v in report.items() if k != "header"}, Vary="Accept")

    @routes.post("/cases", summary="Submit a case", status_code=201)
    async def submit(request: Request) -> Response:
        holder = cases.holder(request)
        sent = await cases.sent(request)
        version, report = await cases.run(
            request,
            lambda: cases.keeper.store(sent, cases.author(holder), accept=holder.may_accept),
        )
        return await stored(version, report, new=True)

    @routes.get("/cases", summary="List the cases, drafts to their authors and who accepts")
    async def listing(request: Request, state: str = "") -> Response:
        try:
            holder: Holder | None = cases.holder(request)
        except CatchupError:
            holder = None
        found = [v for v in cases.listed(holder) if state in ("", v.state)]
        return answer([record(v, url) for v in found])

    @routes.get("/cases/{case}", summary="Read a case")
    async def read(case: str, request: Request) -> Response:
        versions = cases.visible(case, request)
        newest = versions[-1]
        wanted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
        if wanted in RDF:
            return rdf(cases.triples(versions), wanted)
        data = record(newest, url) | {"versions": [record(v, url) for v in versions]}
        sent = next((v for v in reversed(versions) if v.format), newest)
        if sent.format and sent.format != "xlsx" and newest.state not in ("withdrawn", "erased"):
            data["format"] = sent.format
            data["content"] = cases.keeper.journal.content(sent).decode("utf-8-sig")
        return answer(data, version=newest)

    @routes.put("/cases/{case}", summary="Revise a case")
    async def revise(case: str, request: Request) -> Response:
        holder = cases.holder(request)
        etag = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
        if not etag:
            raise PreconditionRequired(
                "A revision names the version that it revises.",
                remedy="Send If-Match with the ETag of GET /cases/" + case[:60] + ".",
            )
        owned(case, holder, request)
        sent = await cases.sent(request, case)
        version, report = await cases.run(
            request,
            lambda: cases.keeper.store(
                sent, cases.author(holder), accept=holder.may_accept, replaces=etag, only=case
            ),
        )
        return await stored(version, report, new=False)

    @routes.post("/cases/{case}/accept", summary="Make a pending case part of the graph")
    async def accept(case: str, request: Request) -> Response:
        holder = cases.holder(request)
        if not holder.may_accept:
            raise Forbidden("Your token may submit cases, not accept them.")
        version = await cases.run(request, lambda: cases.keeper.accept(case, cases.author(holder)))
        await cases.changed()
        return answer(record(version, url), version=version)

    @routes.post("/cases/{case}/refuse", summary="Refuse a pending case, saying why")
    async def refuse(case: str, request: Request, note: str = "") -> Response:
        holder = cases.holder(request)
        if not holder.may_accept:
            raise Forbidden("Your token may submit cases, not refuse them.")
        author = cases.author(holder)
        version = await cases.run(request, lambda: cases.keeper.refuse(case, author, note))
        return answer(record(version, url), version=version)

    @routes.delete("/cases/{case}", summary="Withdraw a case; a tombstone stays")
    async def withdraw(case: str, request: Request, erase: bool = False) -> Response:
        holder = cases.holder(request)
        owned(case, holder, request)
        etag = request.headers.get("if-match", "").strip().strip('"')
        version = await cases.run(
            request,
            lambda: cases.keeper.withdraw(case, cases.author(holder), erase=erase, etag=etag),
        )
        await cases.changed()
        return answer(record(version, url), version=version)

    def owned(case: str, holder: Holder, request: Request) -> None:
        """Raise Forbidden when a submitter touches what is not their own."""
        versions = cases.visible(case, request)
        theirs = [v for v in versions if v.state != "refused" and v.orcid != holder.orcid]
        if not holder.may_accept and theirs:
            raise Forbidden("This case is not yours to change.", remedy="Ask who accepts cases.")

    async def stored(version: Version, report: dict[str, Any], new: bool) -> Response:
        if version.state == "accepted":
            await cases.changed()
        status = (201 if new else 200) if version.state == "accepted" else 202
        data = record(version, url) | {"results": report["results"]}
        return answer(data, status, version, Location=f"{url}/cases/{version.case}")

    return routes


def reconcile(services: Services) -> list[str]:
    """Make the snapshot agree with the kept cases, before it is served (after a crash, a build)."""
    config = services.config
    return Keeper(config.home or settings.home(), config.base, checker().run).reconcile()
