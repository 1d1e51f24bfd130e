"""The application: routers in order, one shape for errors, one front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from catchup.kg.errors import CatchupError
from catchup.server import (
    agents,
    cases,
    context,
    documents,
    entity,
    graphs,
    operation,
    questions,
    reconcile,
    search,
)
from catchup.server.asgi import ClientGone
from catchup.server.asgi_route import AsgiRoute
from catchup.server.config import ServerConfig
from catchup.server.front import Front
from catchup.server.pages import router as pages
from catchup.server.problems import (
    BadRequest,
    HttpProblem,
    Internal,
    MethodNotAllowed,
    NotThere,
)
from catchup.server.responses import send_problem
from catchup.server.services import Services
from catchup.server.sparql import SparqlEndpoint

Router = Callable[[Services], APIRouter]

#: The routers, in the order in which they are asked. `entity` takes all names, so it is last.
ROUTERS: tuple[Router, ...] = (
    operation.router,
    context.router,
    pages.router,
    graphs.router,
    documents.router,
    cases.router,
    questions.router,
    search.router,
    agents.router,
    reconcile.router,
    entity.router,
)


class _Asgi(Response):
    """A Starlette response that runs one of our ASGI senders."""

    def __init__(self, run: Callable[[Any, Any], Awaitable[None]]) -> None:
        super().__init__()
        self._run = run

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._run(scope, send)


def create_app(config: ServerConfig, services: Services | None = None) -> FastAPI:
    """Return the application for a configuration. Its lifespan starts and ends the store."""
    held = services or Services(config)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if not held.ready:
            await held.start()
        yield
        await held.close()

    app = FastAPI(
        title="Catchup",
        version=operation.package_version(),
        summary="A knowledge graph of how latecomer firms learn, served over SPARQL.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # Starlette's would go to the host that the request names; `_elsewhere` is ours
        redirect_slashes=False,
    )
    app.state.services = held
    app.router.routes.append(AsgiRoute("/sparql", SparqlEndpoint(held)))
    for router in ROUTERS:
        # Not include_router: it would rebuild routes that take any method with none.
        app.router.routes.extend(router(held).routes)
    operation.extend_openapi(app)
    questions.extend_openapi(app)
    _handle_errors(app, held)
    return app


def front(app: FastAPI) -> Front:
    """Return what the web server is to run: the application behind its front."""
    return Front(app, app.state.services)


def _elsewhere(request: Request, url: str) -> str:
    """Return where a path leads without its last slash, "" when it has none or that is nowhere."""
    path: str = request.scope["path"]
    other = path.rstrip("/")
    scope = {**request.scope, "path": other}
    if other in ("", path) or all(
        r.matches(scope)[0] is Match.NONE for r in request.app.router.routes
    ):
        return ""
    query = request.url.query
    return f"{url}{quote(other)}" + (f"?{query}" if query else "")


def _handle_errors(app: FastAPI, services: Services) -> None:
    def problem(error: CatchupError) -> Response:
        return _Asgi(lambda scope, send: send_problem(services, scope, send, error))

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, CatchupError)
        return problem(error)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            if moved := _elsewhere(request, services.config.url):
                return Response(status_code=308, headers={"Location": moved})
            return problem(
                NotThere("There is nothing at this address.", remedy="See /docs for what there is.")
            )
        if error.status_code == 405:
            allow = (error.headers or {}).get("Allow", "GET")
            return problem(MethodNotAllowed(request.method, allow))
        other = HttpProblem(str(error.detail))
        other.status = error.status_code
        return problem(other)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return problem(BadRequest("; ".join(wrong)[:500]))

    async def failed(_: Request, error: Exception) -> Response:
        return problem(Internal())

    async def gone(_: Request, error: Exception) -> Response:
        return Response(status_code=499)

    app.add_exception_handler(CatchupError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ClientGone, gone)
    app.add_exception_handler(Exception, failed)
