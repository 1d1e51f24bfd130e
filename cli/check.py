"""`catchup check`: what is wrong with entries of cases, in plain words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from catchup.cli.options import Home, Json, home_or_default
from catchup.cli.output import dump, problems
from catchup.kg import settings
from catchup.kg.cases.formats import MAX_BYTES, by_name, refuse_large
from catchup.kg.cases.job import run_forked
from catchup.kg.cases.keep import Keeper, Sent
from catchup.kg.errors import CannotRun, CatchupError, Problem, Where


def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files; '-' is standard input.")
    ],
    home: Home = None,
    json: Json = False,
    format: Annotated[
        str,
        typer.Option("--format", help="Format of standard input: yaml, turtle, trig, jsonld, csv."),
    ] = "yaml",
) -> None:
    """Check entries of cases and say what is wrong, where, and what would be right.

    Example: catchup check byd.yaml
    """
    keeper = keeper_of(home)
    answers: list[dict[str, Any]] = []
    conforms = True
    for name in files:
        sent = read_sent(name, format)
        try:
            answer, _ = keeper.check(sent)
        except CatchupError as error:
            if not json:
                raise
            answer = {"conforms": False, "case": "", "statements": 0, "error": error.to_problem()}
        answers.append({"file": sent.file, **answer})
        conforms = conforms and bool(answer["conforms"])
        if not json:
            show(sent.file, answer)
    if json:
        dump(answers[0] if len(answers) == 1 else answers)
    raise typer.Exit(0 if conforms else 1)


def keeper_of(home: Path | None) -> Keeper:
    """Return the keeper of the cases in the folder named with --home, or the default one."""
    return Keeper(home_or_default(home), settings.value("base"), run_forked)


def read_sent(name: str, format: str) -> Sent:
    """Read the file called `name`, or standard input. Raises CannotRun, TooLarge, UnknownFormat."""
    if name == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
        refuse_large(len(content))
        return Sent(content, by_name(format).name, "<stdin>")
    kind = by_name(name)
    try:
        with Path(name).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotRun(f"{name} cannot be read: {error.strerror}.") from None
    refuse_large(len(content))
    return Sent(content, kind.name, name)


def show(file: str, report: dict[str, Any]) -> None:
    """Print a report for people."""
    results = report["results"]
    problems(as_problems(results))
    counts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for word in ("violation", "warning", "info")
        if (number := sum(r["severity"] == word for r in results))
    ]
    verdict = "fine" if report["conforms"] else "wrong"
    typer.echo(
        f"{file}: {verdict}; {report['statements']} statements" + "".join(f", {c}" for c in counts)
    )


def as_problems(results: list[dict[str, Any]]) -> list[Problem]:
    """Return results as problems, the worst first as given."""
    return [
        Problem(
            r["message"],
            Where(r.get("file", ""), r.get("line"), r.get("column"), r.get("field")),
            r.get("remedy", ""),
            r["severity"],
        )
        for r in results
    ]
