"""`catchup withdraw`: take a case out of the graph."""

from __future__ import annotations

from typing import Annotated

import typer

from catchup.cli.add import author_of
from catchup.cli.check import keeper_of
from catchup.cli.options import Home


def withdraw(
    case: Annotated[str, typer.Argument(metavar="ID", help="Id of the case.")],
    erase: Annotated[
        bool, typer.Option("--erase", help="Really delete its content (interview data).")
    ] = False,
    note: Annotated[str, typer.Option("--note", help="Why; kept on the tombstone.")] = "",
    orcid: Annotated[str, typer.Option("--orcid", help="Your ORCID, to be recorded.")] = "",
    home: Home = None,
) -> None:
    """Take a case out of the graph, with all that was inferred from it. A tombstone stays.

    Example: catchup withdraw byd --note "superseded by the published paper"
    """
    version = keeper_of(home).withdraw(case, author_of(orcid), erase=erase, note=note)
    typer.echo(f"{version.case}: {version.state}")
