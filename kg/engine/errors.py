"""What can go wrong with a query. Each class is one problem type, one status, one exit code."""

from __future__ import annotations

from typing import Any, ClassVar

from catchup.kg.errors import CannotRun, CatchupError, NotFound, SyntaxProblem, Where


class EngineError(CatchupError):
    """Base of the errors a query can end in."""

    title = "The query was not answered"
    kind = "query"


class QuerySyntaxError(SyntaxProblem, EngineError):
    """The text is not a SPARQL 1.1 query; `where` has line and column."""

    title = "The query cannot be read"
    kind = "query-syntax"
    status = 400


class UpdateRefused(EngineError):
    """An update was sent; the graph only changes through case entries."""

    title = "This endpoint is read-only"
    kind = "read-only"
    status = 403


class ServiceRefused(EngineError):
    """The query has a SERVICE clause that is not on the allow-list."""

    title = "SERVICE is not allowed here"
    kind = "service-refused"
    status = 403


class TooComplex(EngineError):
    """The text passes one of the limits on length, nesting or number of patterns."""

    title = "The query is too complex"
    kind = "too-complex"
    status = 400


class NotAcceptable(EngineError):
    """The query's form has no representation in the formats asked for."""

    title = "No format asked for fits this answer"
    kind = "not-acceptable"
    status = 406


class TimeLimit(EngineError):
    """The query was stopped at the limit of wall-clock or processor time."""

    title = "The query took too long"
    kind = "time-limit"
    status = 504
    exit_code: ClassVar[int] = 2


class MemoryLimit(EngineError):
    """The query needed more memory, or a deeper stack, than one query may use."""

    title = "The query needed too much memory"
    kind = "memory-limit"
    status = 503
    exit_code: ClassVar[int] = 2


class Overloaded(CannotRun):
    """No worker, or no room for another answer, became free in time."""

    title = "The service is busy"
    kind = "overloaded"
    status = 503


class StoreFailed(CannotRun):
    """The store behind the engine could not be started or reached."""

    title = "The store is not available"
    kind = "store-failed"


class HeldElsewhere(CannotRun):
    """It takes the graph itself, and this server passes its queries on to another endpoint."""

    title = "The graph is held elsewhere"
    kind = "held-elsewhere"
    status = 501


_BY_KIND: dict[str, type[CatchupError]] = {
    cls.kind: cls
    for cls in (
        EngineError,
        QuerySyntaxError,
        UpdateRefused,
        ServiceRefused,
        TooComplex,
        NotAcceptable,
        TimeLimit,
        MemoryLimit,
        NotFound,
    )
}


def pack(error: CatchupError) -> dict[str, Any]:
    """Return `error` as plain data that can cross a socket."""
    return {
        "kind": error.kind,
        "detail": error.detail,
        "remedy": error.remedy,
        "line": error.where.line,
        "column": error.where.column,
    }


def unpack(data: dict[str, Any]) -> CatchupError:
    """Return the error that `pack` made plain."""
    cls = _BY_KIND.get(data.get("kind", ""), EngineError)
    where = Where(line=data.get("line"), column=data.get("column"))
    return cls(data["detail"], where=where, remedy=data.get("remedy") or "")
