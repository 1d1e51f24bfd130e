"""The limits of one query: one table that feeds the engine, the service description and the docs."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

MB = 1024 * 1024


def _limit(default: Any, unit: str, help_: str) -> Any:
    return field(default=default, metadata={"unit": unit, "help": help_})


@dataclass(frozen=True)
class Limits:
    """What one query may use. Every field is shown in the service description and on /docs."""

    # The slowest query of the catalogue takes well under 1 s; 20 s leaves room for exploration
    # and is less than the 30 s after which common proxies give up.
    timeout: float = _limit(
        20.0, "s", "wall-clock time of one query, parsing and planning included"
    )
    # The engine has one thread a worker, so processor time above wall time means a stuck process.
    cpu: int = _limit(25, "s", "processor time of one query, the kernel's second line")
    # ORDER BY over a cross join took 3.4 GB in a server without a limit; honest queries on
    # 40,000 triples stay under 50 MB.
    memory: int = _limit(512 * MB, "bytes", "memory one query may add to its worker")
    rows: int = _limit(100_000, "rows", "rows or triples of one answer; more are cut and declared")
    bytes: int = _limit(32 * MB, "bytes", "length of one answer; more is cut and declared")
    # 64 kB hold the longest generated query met in practice (sparql-llm, 12 kB) five times.
    length: int = _limit(64 * 1024, "bytes", "length of the text of a query")
    # 1,000 nested groups plan in milliseconds, 3,000 killed a process with the usual stack.
    nesting: int = _limit(100, "levels", "nesting of { ( [ and !")
    # Planning a star of 100 patterns on an empty store takes 0.8 s, of 200 takes 13 s.
    patterns: int = _limit(100, "patterns", "triple patterns, OPTIONAL and UNION arms together")
    # A path of 400 steps plans in 3 s, of 800 in 27 s.
    steps: int = _limit(100, "steps", "steps of one property path")

    def table(self) -> list[tuple[str, Any, str, str]]:
        """Return (name, value, unit, meaning) for each limit."""
        return [
            (f.name, getattr(self, f.name), f.metadata["unit"], f.metadata["help"])
            for f in fields(self)
        ]
