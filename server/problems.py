"""Errors over HTTP: RFC 9457 problem details, as JSON or as a page, never a stack or a path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from catchup.kg.errors import CatchupError

PROBLEM_JSON = "application/problem+json"


class HttpProblem(CatchupError):
    """Base of the errors that only HTTP knows."""

    #: further response headers
    headers: Mapping[str, str] = MappingProxyType({})


class BadRequest(HttpProblem):
    """The request's parameters are wrong."""

    title = "The request is wrong"
    kind = "bad-request"
    status = 400


class MethodNotAllowed(HttpProblem):
    """The resource has no such method."""

    title = "The method is not allowed here"
    kind = "method-not-allowed"
    status = 405

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"{method[:20]} is not possible here.", remedy=f"Use {allow}.")
        self.headers = {"Allow": allow}


class NotAcceptable(HttpProblem):
    """None of the formats asked for can be had."""

    title = "No format asked for can be had"
    kind = "not-acceptable"
    status = 406


class TooLarge(HttpProblem):
    """The body is longer than is read."""

    title = "The request is too long"
    kind = "too-large"
    status = 413


class UnsupportedMediaType(HttpProblem):
    """The body is in a format that is not read here."""

    title = "The format of the request is not read here"
    kind = "unsupported-media-type"
    status = 415


class NotThere(HttpProblem):
    """Nothing has this address."""

    title = "There is nothing here"
    kind = "not-found"
    status = 404


class TooManyRequests(HttpProblem):
    """One client used more than its share."""

    title = "Too much at once"
    kind = "too-many-requests"
    status = 429

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, remedy=f"Try again in {retry_after} seconds.")
        self.headers = {"Retry-After": str(retry_after)}


class Internal(HttpProblem):
    """Something failed that should not; the log has more."""

    title = "The server failed"
    kind = "internal"
    status: int = 500
    exit_code: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__("The server failed on this request.", remedy="Please report it.")


def problem_headers(error: CatchupError) -> dict[str, str]:
    """Return the headers that go with an error: Retry-After wherever waiting helps."""
    headers = dict(getattr(error, "headers", {}))
    if error.kind in ("overloaded", "too-many-queries", "store-failed"):
        headers.setdefault("Retry-After", "5")
    if error.kind == "unauthorised":
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def problem_body(error: CatchupError) -> tuple[dict[str, Any], bytes]:
    """Return an error as problem details, as data and as JSON."""
    data = error.to_problem()
    return data, json.dumps(data, ensure_ascii=False, indent=1).encode()
