"""The addresses of the pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from catchup.server.asgi_route import AsgiRoute
from catchup.server.documents import Document
from catchup.server.html import PlainPages
from catchup.server.pages import (
    explain,
    home,
    propositions,
    search_page,
    sources,
    theory,
)
from catchup.server.pages.entity import in_space
from catchup.server.pages.frame import Frame, PageRoute, add_page
from catchup.server.pages.negotiated import PageOrDocument
from catchup.server.pages.static import StaticFiles
from catchup.server.services import Services

#: Spaces whose things have pages here.
_SPACES = ("id", "ontology", "vocab", "shapes", "graph")


class Pages(PlainPages):
    """The pages that routes elsewhere need, in the frame of all pages."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def problem(self, problem: dict[str, Any]) -> str:
        """Return the page of a problem."""
        title, detail = str(problem["title"]), str(problem.get("detail", ""))
        return self._frame.plain("problem.html", title, detail, problem=problem)


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
    add_page(routes, frame, "/propositions", propositions.make, "json", "csv")
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
