"""The frame of every page: head, navigation and footer around a template, sent with its headers."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from catchup.kg.names import compact
from catchup.server.asgi import (
    REQUESTED,
    Receive,
    Scope,
    Send,
    header,
    only_options,
    send_response,
    unless_gone,
)
from catchup.server.asgi_route import AsgiRoute
from catchup.server.negotiate import encoding
from catchup.server.pages.draw.answer import policy
from catchup.server.pages.facts import LANGUAGES, href, outside, short
from catchup.server.pages.held import Held
from catchup.server.pages.leaves import PAGE
from catchup.server.pages.markup import SHOW
from catchup.server.pages.sheet import Download, Maker, Sheet, csv_of
from catchup.server.pages.visit import COOKIE, Visit, read_visit
from catchup.server.pages.words import say
from catchup.server.problems import NotThere
from catchup.server.responses import CACHE_CONTROL, matches
from catchup.server.services import Services

WEB = Path(__file__).resolve().parent.parent / "web"
_YEAR = 365 * 24 * 3600
#: Bytes of pages kept for reuse. All that warm.py makes at a million triples is some 500 pages of
#: 9 kB (the longest 20); so the longest-unused of some 3,000 pages makes room, not what was made
#: ahead.
_KEPT = 32 * 1024 * 1024
#: Of 99 kB, level 4 makes 18.9 kB in 1.8 ms; 6 makes 17.9 kB in 2.9 ms, 1 makes 21.8 kB in 1.2 ms.
_LEVEL = 4
NAVIGATION = (
    ("/#cases", "Cases"),
    ("/compare", "Compare"),
    ("/propositions", "Propositions"),
    ("/sources", "Sources"),
    ("/theory", "Theory"),
    ("/queries", "Questions"),
    ("/sparql", "SPARQL"),
    ("/cases/new", "Enter a case"),
)


@dataclass(frozen=True)
class Rendered:
    """A finished page in one form: compressed, as nearly all clients take it."""

    zipped: bytes
    length: int
    content_type: str
    etag: str


class Kept:
    """The most recently used pages, bounded in bytes."""

    def __init__(self, size: int) -> None:
        self._room = size
        self._pages: OrderedDict[str, Rendered] = OrderedDict()

    def get(self, key: str) -> Rendered | None:
        """Return the page kept under `key`."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def put(self, key: str, page: Rendered) -> None:
        """Keep a page; the longest unused make room."""
        if key in self._pages:
            return
        self._pages[key] = page
        self._room -= len(page.zipped)
        while self._room < 0:
            _, old = self._pages.popitem(last=False)
            self._room += len(old.zipped)


class Frame:
    """Makes pages of sheets and sends them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.kept = Kept(_KEPT)
        self.held = Held()

    @cached_property
    def environment(self) -> Environment:
        """The templates; everything put into them is escaped."""
        made = Environment(
            loader=FileSystemLoader(WEB / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters |= {
            "href": href,
            "short": short,
            "outside": outside,
            "compact": compact,
            "count": count,
        }
        made.globals |= {"static": static_url, "navigation": NAVIGATION, "show": SHOW}
        return made

    def page(self, visit: Visit, sheet: Sheet) -> bytes:
        """Return a sheet as HTML."""
        services = self.services
        canonical = services.config.url + (sheet.canonical or visit.path)
        text = self.environment.get_template(sheet.template).render(
            sheet.context,
            _=visit.say,
            visit=visit,
            lang=visit.lang,
            tag=LANGUAGES[visit.lang],
            title=sheet.title,
            description=sheet.description,
            crumbs=sheet.crumbs,
            downloads=self._downloads(visit, sheet),
            canonical=canonical,
            site=services.config.url,
            snapshot=services.store.snapshot,
            schema=_json_script(_schema(sheet, canonical, services.config.url)),
        )
        return text.encode()

    def _downloads(self, visit: Visit, sheet: Sheet) -> list[Download]:
        whole = [pair for pair in visit.query if pair[0] != PAGE]
        query = "?" + urlencode(whole) if whole else ""
        stem = "/index" if visit.path == "/" else visit.path.rstrip("/").removesuffix(".html")
        found = list(sheet.downloads)
        if sheet.table is not None:
            found.append(Download(f"{stem}.csv{query}", "text/csv", "CSV"))
        if sheet.json is not None:
            found.append(Download(f"{stem}.json{query}", "application/json", "JSON"))
        for form, (kind, _) in sheet.files.items():
            found.append(Download(f"{stem}.{form}{query}", kind, form.upper()))
        return found

    def plain(self, template: str, title: str, description: str, **context: Any) -> str:
        """Return a page that belongs to no route here (a problem, the editor)."""
        scope = REQUESTED.get()
        if scope is None:
            visit = Visit(self.services, "/", {}, (), "en", False, "", self.held)
        else:
            visit = read_visit(self.services, scope, self.held)
        title, description = visit.say(title), visit.say(description)
        return self.page(visit, Sheet(template, title, description, context)).decode()

    async def render(self, visit: Visit, make: Maker, form: str) -> Rendered:
        """Return a page in a form: html, json or csv. Raises NotThere and the engine's errors."""
        sheet = await make(visit)
        if form == "json" and sheet.json is not None:
            body = json.dumps(sheet.json(), ensure_ascii=False, indent=1).encode()
            kind = "application/json"
        elif form == "csv" and sheet.table is not None:
            body, kind = csv_of(sheet.table()), "text/csv; charset=utf-8"
        elif form in sheet.files:
            kind, write = sheet.files[form]
            body = write()
        elif form == "html":
            body, kind = self.page(visit, sheet), "text/html; charset=utf-8"
        else:
            raise NotThere(f"This page has no .{form}.", remedy="See the links at its foot.")
        etag = hashlib.sha256(body).hexdigest()[:32]
        return Rendered(gzip.compress(body, _LEVEL, mtime=0), len(body), kind, etag)


class PageRoute:
    """Answers the requests for one kind of page in one form."""

    def __init__(self, frame: Frame, make: Maker, form: str = "html") -> None:
        self._frame = frame
        self._make = make
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if await only_options(scope, send):
            return
        began = time.perf_counter()
        frame, visit = self._frame, read_visit(self._frame.services, scope, self._frame.held)
        key = repr((frame.services.store.snapshot, self._form, visit.path, visit.query, visit.lang))
        page = frame.kept.get(key)
        hit = page is not None
        if page is None:
            page = await unless_gone(receive, frame.render(visit, self._make, self._form))
            if frame.services.store.snapshot:  # an endpoint elsewhere does not say when it changes
                frame.kept.put(key, page)
        headers = {
            "Content-Type": page.content_type,
            "ETag": f'W/"{page.etag}"',
            "Cache-Control": CACHE_CONTROL.replace("public", "private"),
            "Vary": "Accept-Encoding, Accept-Language, Cookie",
            "Server-Timing": f'cache;desc="{"hit" if hit else "miss"}"',
        }
        headers["Server-Timing"] += f", total;dur={(time.perf_counter() - began) * 1000:.1f}"
        if self._form == "html":
            headers["Content-Language"] = LANGUAGES[visit.lang]
        if self._form == "svg":
            headers["Content-Security-Policy"] = policy(drawing_style())
        if visit.chose and self._form == "html":
            headers["Set-Cookie"] = (
                f"{COOKIE}={visit.lang}; Path=/; Max-Age={_YEAR}; SameSite=Lax; HttpOnly"
            )
        if matches(header(scope, b"if-none-match"), page.etag):
            headers.pop("Content-Type")
            await send_response(send, 304, headers)
            return
        body = page.zipped
        if encoding(header(scope, b"accept-encoding")) and page.length > 1000:
            headers["Content-Encoding"] = "gzip"
        else:  # 0.4 ms for the longest pages
            body = gzip.decompress(body)
        await send_response(send, 200, headers, body, head=scope["method"] == "HEAD")


def add_page(routes: APIRouter, frame: Frame, path: str, make: Maker, *forms: str) -> None:
    """Add the route of a page at `path` and, for each of `forms` (json, csv), at `path`.form."""
    for form in forms:
        routes.routes.append(AsgiRoute(f"{path}.{form}", PageRoute(frame, make, form)))
    routes.routes.append(AsgiRoute(path, PageRoute(frame, make)))


@cache
def static_url(name: str) -> str:
    """Return the address of a file in static/, which changes with its content."""
    digest = hashlib.sha256((WEB / "static" / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


@cache
def drawing_style() -> str:
    """Return the style sheet, from which drawings that are taken away get their rules."""
    return (WEB / "static" / "style.css").read_text(encoding="utf-8")


def count(number: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{number:,}"


def _schema(sheet: Sheet, canonical: str, site: str) -> dict[str, Any]:
    page = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": sheet.title,
        "description": sheet.description,
        "url": canonical,
        "isPartOf": {"@type": "WebSite", "name": "Catchup", "url": site + "/"},
        "license": "https://creativecommons.org/licenses/by/4.0/",
    }
    if sheet.crumbs:
        page["breadcrumb"] = {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": n, "name": name, "item": site + path}
                for n, (name, path) in enumerate(sheet.crumbs, 1)
            ],
        }
    if sheet.schema:
        page["mainEntity"] = sheet.schema
    return page


def _json_script(data: Any) -> Markup:
    """Return JSON for a script element: no text in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return Markup(text)  # noqa: S704


__all__ = ["Frame", "PageRoute", "add_page", "count", "drawing_style", "say", "static_url"]
