"""What commands print: problems, tables, progress. Tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from catchup.kg.errors import CatchupError, Problem

err = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False)


def fail(error: CatchupError) -> NoReturn:
    """Print the error with its problems and exit with its code."""
    err.print(
        Text("error: ", style="bold red")
        + Text(str(Problem(error.detail, error.where, error.remedy)))
    )
    problems(error.problems)
    sys.exit(error.exit_code)


def problems(found: Iterable[Problem]) -> None:
    """Print problems, one a line, the worst first as given."""
    styles = {"violation": "red", "warning": "yellow", "info": "cyan"}
    for problem in found:
        mark = Text(f"  {problem.severity}: ", style=styles.get(problem.severity, ""))
        err.print(mark + Text(str(problem)))


def dump(content: Any) -> None:
    """Print `content` as JSON on standard output."""
    print(json.dumps(content, indent=2, ensure_ascii=False))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; columns whose name begins with '#' are numbers, set right."""
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        number = column.startswith("#")
        shown.add_column(column.removeprefix("#"), justify="right" if number else "left")
    for row in rows:
        shown.add_row(*(Text(f"{x:,}" if isinstance(x, int) else str(x)) for x in row))
    wide = out if out.is_terminal else Console(width=200, highlight=False)
    wide.print(shown)


class Steps:
    """Progress of long work: a spinner on a terminal, plain lines otherwise."""

    def __init__(self) -> None:
        self.status = err.status("") if err.is_terminal else None
        self.began = time.perf_counter()

    def __enter__(self) -> Steps:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status:
            self.status.stop()

    def __call__(self, step: str) -> None:
        """Say that `step` has begun."""
        if self.status:
            self.status.update(f"{step} ...")
        else:
            err.print(f"{time.perf_counter() - self.began:6.1f} s  {step}")
