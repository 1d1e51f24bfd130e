"""Typed errors. The command line prints them, HTTP sends them as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, order=True)
class Where:
    """A place in something a person wrote: file, line and column (from 1), field."""

    file: str = ""
    line: int | None = None
    column: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(x) for x in (self.file, self.line, self.column) if x not in ("", None))
        return f"{place} ({self.field})" if self.field and place else place or (self.field or "")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what, where, and what would be right."""

    detail: str
    where: Where = Where()
    remedy: str = ""
    severity: str = "violation"

    def __str__(self) -> str:
        place = f"{self.where}: " if str(self.where) else ""
        return f"{place}{self.detail}" + (f" {self.remedy}" if self.remedy else "")

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as plain data, empty members left out."""
        where = {k: v for k, v in asdict(self.where).items() if v not in (None, "")}
        out: dict[str, Any] = {"detail": self.detail, "severity": self.severity, **where}
        if self.remedy:
            out["remedy"] = self.remedy
        return out


class CatchupError(Exception):
    """Base of all errors that a user is meant to see.

    `exit_code` is the command line's, `status` the HTTP status, `kind` the last part of the
    problem type IRI.
    """

    title: ClassVar[str] = "Something is wrong"
    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    status: int = 400

    def __init__(
        self,
        detail: str,
        *,
        where: Where | None = None,
        remedy: str = "",
        problems: Sequence[Problem] = (),
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where or Where()
        self.remedy = remedy
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.extra = extra or {}

    def __str__(self) -> str:
        head = str(Problem(self.detail, self.where, self.remedy))
        return "\n".join([head, *(f"  {p}" for p in self.problems)])

    def to_problem(self) -> dict[str, Any]:
        """Return the RFC 9457 problem details object (without an instance)."""
        out: dict[str, Any] = {
            "type": f"https://w3id.org/catchup/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        out.update({k: v for k, v in asdict(self.where).items() if v not in (None, "")})
        if self.remedy:
            out["remedy"] = self.remedy
        if self.problems:
            out["problems"] = [p.as_dict() for p in self.problems]
        out.update(self.extra)
        return out


class InputError(CatchupError):
    """What was given is wrong: a bad entry, an unknown name, a violated shape."""

    title = "The input is wrong"
    kind = "input"
    status = 422


class SyntaxProblem(InputError):
    """What was given cannot be read: a syntax error with line and column."""

    title = "The input cannot be read"
    kind = "syntax"
    status = 400


class NotFound(InputError):
    """Nothing has that name; `remedy` names the nearest."""

    title = "There is no such thing"
    kind = "not-found"
    status = 404


class CannotRun(CatchupError):
    """The work could not be done: a port in use, a directory not writable, a full disk."""

    title = "This could not be run"
    kind = "cannot-run"
    exit_code = 2
    status = 503
