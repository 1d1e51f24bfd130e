"""Running the service: /health, /ready, /metrics, /docs and /openapi.json."""

from __future__ import annotations

from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from catchup.kg.engine.formats import FORMATS
from catchup.kg.engine.pool import Pool
from catchup.server.description import limit_lines
from catchup.server.html import page
from catchup.server.services import Services


def package_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("catchup")
    except PackageNotFoundError:
        return "0"


def router(services: Services) -> APIRouter:
    """Return the routes of operation."""
    routes = APIRouter(tags=["operation"])
    if isinstance(services.store, Pool):
        pool = services.store
        gauges = services.metrics
        gauges.gauge("catchup_workers_busy", "Workers that run a query.").set_function(
            lambda: pool.busy
        )
        gauges.gauge("catchup_queries_waiting", "Queries that wait.").set_function(
            lambda: pool.waiting
        )
        gauges.gauge("catchup_bytes_held", "Bytes of answers held.").set_function(lambda: pool.held)
        gauges.gauge("catchup_workers_killed", "Workers killed so far.").set_function(
            lambda: pool.killed
        )
    services.metrics.gauge("catchup_cache_bytes", "Bytes of answers kept.").set_function(
        lambda: services.cache.held
    )
    services.metrics.gauge("catchup_cache_hits", "Answers from the cache.").set_function(
        lambda: services.cache.hits
    )

    @routes.get("/health", summary="Which version and which snapshot are served")
    async def health() -> JSONResponse:
        return JSONResponse(
            {
                "status": "ok",
                "version": package_version(),
                "commit": services.config.commit,
                "snapshot": services.store.snapshot,
            },
            headers={"Cache-Control": "no-store"},
        )

    @routes.get("/ready", summary="Whether queries can be answered: 200 or 503")
    async def ready() -> JSONResponse:
        status = 200 if services.ready else 503
        return JSONResponse(
            {"ready": services.ready, "snapshot": services.store.snapshot},
            status,
            headers={"Cache-Control": "no-store"},
        )

    @routes.get("/metrics", summary="Prometheus metrics, without query texts or addresses")
    async def metrics() -> Response:
        return Response(services.metrics.text(), media_type="text/plain; version=0.0.4")

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(docs_page(services, request.app.openapi()))

    return routes


def docs_page(services: Services, openapi: dict[str, Any]) -> str:
    """Return the documentation page: the routes of the OpenAPI document, formats and limits."""
    rows = [
        f"<tr><td>{escape(method.upper())}</td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(operation.get('summary', ''))}</td></tr>"
        for path, item in openapi["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    ]
    formats = "".join(
        f"<tr><td>{f.family}</td><td>{f.media_type}</td><td>{f.suffix}</td></tr>"
        for f in FORMATS.values()
    )
    limits = "".join(f"<li>{escape(line)}</li>" for line in limit_lines(services))
    body = (
        f'<p>One example:</p><pre>curl -H "Accept: text/csv" "{escape(services.config.url)}/sparql'
        '?query=SELECT+*+WHERE+%7B+?s+?p+?o+%7D+LIMIT+10"</pre>'
        '<p><a href="/openapi.json">openapi.json</a> '
        '<a href="/.well-known/void">Description of the dataset</a></p>'
        f"<h2>Routes</h2><table>{''.join(rows)}</table>"
        f"<h2>Formats</h2><table>{formats}</table><h2>Limits</h2><ul>{limits}</ul>"
        "<p>An answer cut at a limit says so in the header Catchup-Truncated. Errors are problem"
        " details (RFC 9457). Names are slash IRIs: the address of a thing answers 303 with that"
        " of a document about it.</p>"
    )
    return page("Documentation", body)


def extend_openapi(app: FastAPI) -> None:
    """Add to the OpenAPI document the routes that are plain ASGI."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        schema = made()
        schema["paths"].setdefault("/sparql", _sparql_item())
        for path, summary in _OTHERS.items():
            schema["paths"].setdefault(path, {"get": _operation(summary, path)})
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


_OTHERS = {
    "/id/{name}": "A thing: 303 to a page or data about it",
    "/ontology/": "The ontology, in RDF or as a page",
    "/vocab/": "The concept schemes, in RDF or as a page",
    "/shapes/": "The SHACL shapes, in RDF or as a page",
    "/.well-known/void": "Description of the dataset: VoID, DCAT, schema.org",
    "/graphs": "Graph Store Protocol, reading: ?graph=IRI or ?default",
}
_PROBLEM = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}


def _operation(summary: str, path: str) -> dict[str, Any]:
    rdf: dict[str, Any] = {f.media_type: {} for f in FORMATS.values() if f.family == "rdf"}
    names = ["name"] if "{name}" in path else []
    return {
        "summary": summary,
        "parameters": [
            {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
        ],
        "responses": {"200": {"description": "The description", "content": rdf}, "4XX": _PROBLEM},
    }


def _sparql_item() -> dict[str, Any]:
    many = {"type": "array", "items": {"type": "string", "format": "uri"}}
    graphs = [
        {"name": name, "in": "query", "required": False, "schema": many}
        for name in ("default-graph-uri", "named-graph-uri")
    ]
    responses = {
        "200": {
            "description": "The answer",
            "content": {f.media_type: {} for f in FORMATS.values()},
        },
        "4XX": _PROBLEM,
        "5XX": _PROBLEM,
    }
    query = {"name": "query", "in": "query", "required": True, "schema": {"type": "string"}}
    form = {"type": "object", "required": ["query"], "properties": {"query": {"type": "string"}}}
    body = {
        "required": True,
        "content": {
            "application/sparql-query": {"schema": {"type": "string"}},
            "application/x-www-form-urlencoded": {"schema": form},
        },
    }
    get = {"summary": "SPARQL 1.1 query", "parameters": [query, *graphs], "responses": responses}
    post = {
        "summary": "SPARQL 1.1 query in the body",
        "parameters": graphs,
        "requestBody": body,
        "responses": responses,
    }
    return {"get": get, "post": post}
