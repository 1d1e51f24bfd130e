"""The addresses of the pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from jinja2 import Environment

from catchup.kg.engine.formats import family
from catchup.server.asgi_route import AsgiRoute
from catchup.server.documents import Document
from catchup.server.html import PlainPages
from catchup.server.pages import (
    case_form,
    case_review,
    catalogue,
    compare_page,
    editor,
    explain,
    home,
    propositions,
    search_page,
    sources,
    theory,
)
from catchup.server.pages.entity import in_space
from catchup.server.pages.facts import short
from catchup.server.pages.frame import Frame, PageRoute, add_page
from catchup.server.pages.negotiated import PageOrDocument
from catchup.server.pages.sheet import Sheet
from catchup.server.pages.static import StaticFiles
from catchup.server.pages.visit import Visit
from catchup.server.pages.words import chinese
from catchup.server.services import Services

#: Spaces whose things have pages here; graphs and shapes are described as they are.
_SPACES = ("id", "ontology", "vocab")

#: Characters of a description on its page; the formats have it whole.
_SHOWN = 60_000
_TITLES = {
    "void": "Description of the data",
    "shapes": "Shapes",
    "ontology": "Ontology",
    "vocab": "Concept schemes",
}


class Pages(PlainPages):
    """The pages that routes elsewhere need, in the frame of all pages."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @property
    def environment(self) -> Environment:
        """The templates of the pages."""
        return self._frame.environment

    def problem(self, problem: dict[str, Any]) -> str:
        """Return the page of a problem."""
        title, detail = str(problem["title"]), str(problem.get("detail", ""))
        return self._frame.plain("problem.html", title, detail, problem=problem)

    def entity(self, iri: str, ntriples: bytes, alternates: list[tuple[str, str]]) -> str:
        """Return the page of a resource that has no page of its own kind, from its description."""
        title = short(iri)
        return self._frame.plain(
            "description.html",
            title,
            iri,
            iri=iri,
            links=alternates,
            text=ntriples.decode()[:_SHOWN],
        )

    def document(self, name: str) -> str:
        """Return the page of a whole document that is data: its forms."""
        base = "/.well-known/void" if name == "void" else f"/{name}"
        links = [(f.media_type, base + f.suffix) for f in family("rdf")]
        return self._frame.plain(
            "description.html", _TITLES[name], _TITLES[name], iri="", links=links, text=""
        )

    def editor(self, query: str = "") -> str:
        """Return the page to write a query on."""
        return editor.editor(self._frame, query)

    def results(self, query: str, form: str, body: bytes, truncated: str) -> str:
        """Return the page of a query's answer; `body` is SPARQL JSON, or Turtle."""
        return editor.results(self._frame, query, form, body, truncated)

    @property
    def questions(self) -> PageRoute:
        """What answers /queries with a page."""
        return PageRoute(self._frame, catalogue.every)

    @property
    def question(self) -> PageRoute:
        """What answers /queries/{name} with a page."""
        return PageRoute(self._frame, catalogue.one)


async def words_of(visit: Visit) -> Sheet:
    """Return the words of the pages in the visit's language, by their English: for the scripts."""
    return Sheet("", "", "", json=lambda: chinese() if visit.lang == "zh" else {})


def router(services: Services) -> APIRouter:
    """Return the routes of all pages. Also puts pages in the frame in place of plain ones."""
    frame = Frame(services)
    services.pages = Pages(frame)
    routes = APIRouter()
    routes.routes.append(AsgiRoute("/static/{name:path}", StaticFiles()))
    add_page(routes, frame, "/", home.make)
    for form in ("json", "csv"):
        routes.routes.append(AsgiRoute(f"/index.{form}", PageRoute(frame, home.make, form)))
    add_page(routes, frame, "/search", search_page.make, "csv")
    add_page(routes, frame, "/explain", explain.make, "json")
    add_page(
        routes, frame, "/compare", compare_page.make, "json", "csv", "tex", "ttl", "table.html"
    )
    add_page(routes, frame, "/cases/new", case_form.make)
    routes.routes.append(AsgiRoute("/cases/form.json", PageRoute(frame, case_form.about, "json")))
    routes.routes.extend(case_form.router(services).routes)
    routes.routes.extend(case_review.router(services, frame).routes)
    routes.routes.append(AsgiRoute("/words.json", PageRoute(frame, words_of, "json")))
    routes.routes.append(AsgiRoute("/editor.json", PageRoute(frame, editor.about, "json")))
    routes.routes.append(AsgiRoute("/queries/{name}.svg", PageRoute(frame, catalogue.one, "svg")))
    add_page(routes, frame, "/propositions", propositions.make, "json", "csv", "ttl")
    add_page(routes, frame, "/sources", sources.every, "json", "csv")
    add_page(routes, frame, "/sources/{id}", sources.one, "json", "csv")
    add_page(routes, frame, "/sources/{id}/{part}", sources.part, "json", "csv")
    add_page(routes, frame, "/theory", theory.overview, "json")
    for name, make in (("ontology", theory.ontology), ("vocab", theory.vocabulary)):
        page = PageRoute(frame, make)
        for form in ("json", "csv"):
            routes.routes.append(AsgiRoute(f"/{name}.{form}", PageRoute(frame, make, form)))
        routes.routes.append(AsgiRoute(f"/{name}.html", page))
        for path in (f"/{name}", f"/{name}/"):
            routes.routes.append(AsgiRoute(path, PageOrDocument(page, Document(services, name))))
    for space in _SPACES:
        for form in ("json", "csv", "html"):
            page = PageRoute(frame, in_space(space), form)
            routes.routes.append(AsgiRoute(f"/{space}/{{name:path}}.{form}", page))
    return routes
