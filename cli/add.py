"""`catchup add`: check a case, then make it part of the graph."""

from __future__ import annotations

import getpass
from importlib import metadata
from typing import Annotated

import typer

from catchup.cli.check import as_problems, keeper_of, read_sent
from catchup.cli.options import Home
from catchup.cli.output import problems
from catchup.kg.cases.keep import Author, DoesNotConform
from catchup.kg.cases.tokens import ORCID
from catchup.kg.errors import InputError


def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The case; '-' is standard input.")],
    replace: Annotated[
        str, typer.Option("--replace", metavar="ID", help="Revise the case with this id.")
    ] = "",
    orcid: Annotated[str, typer.Option("--orcid", help="Your ORCID, to be recorded.")] = "",
    format: Annotated[str, typer.Option("--format", help="Format of standard input.")] = "yaml",
    home: Home = None,
) -> None:
    """Check a case and store it as an accepted case: its own graph, reasoned over, queryable.

    Example: catchup add byd.yaml --orcid 0000-0002-1825-0097
    """
    keeper = keeper_of(home)
    sent = read_sent(file, format)
    try:
        version, report = keeper.store(
            sent, author_of(orcid), accept=True, replaces="*" if replace else None, only=replace
        )
    except DoesNotConform as error:
        problems(as_problems(error.extra["results"]))
        error.problems = ()
        raise
    problems(as_problems(report["results"]))
    typer.echo(
        f"{version.case}: version {version.number} accepted, "
        f"{report['statements']} statements in <{version.graph}>"
    )


def author_of(orcid: str) -> Author:
    """Return who works on the command line. Raises InputError for a malformed ORCID."""
    if orcid and not ORCID.match(orcid):
        raise InputError(f"'{orcid}' is no ORCID.", remedy="Write it as 0000-0002-1825-0097.")
    return Author(getpass.getuser(), orcid, f"catchup {metadata.version('catchup')}")
