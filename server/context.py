"""The JSON-LD context of the authoring format, which entries and exports name."""

from __future__ import annotations

from fastapi import APIRouter, Response

from catchup.kg.reading.files import ONTOLOGY
from catchup.server.services import Services

PATHS = ("/context.jsonld", "/ontology/context.jsonld")


def router(services: Services) -> APIRouter:
    """Return the routes to the context, by its short address and by its IRI."""
    routes = APIRouter(tags=["data"])
    body = (ONTOLOGY / "context.jsonld").read_bytes()

    async def context() -> Response:
        headers = {"Cache-Control": "public, max-age=3600"}
        return Response(body, 200, headers, media_type="application/ld+json")

    for path in PATHS:
        routes.add_api_route(
            path,
            context,
            methods=["GET", "HEAD"],
            summary="The JSON-LD context of entries",
            include_in_schema=path == PATHS[0],
            response_model=None,
        )
    return routes
