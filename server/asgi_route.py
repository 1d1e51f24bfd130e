"""A route whose endpoint is an ASGI application that decides on methods itself."""

from __future__ import annotations

from starlette.routing import Route


class AsgiRoute(Route):
    """A Starlette route for any method; FastAPI leaves it out of the OpenAPI document."""

    def __init__(self, path: str, endpoint: object) -> None:
        super().__init__(path, endpoint, methods=None, include_in_schema=False)  # type: ignore[arg-type]
