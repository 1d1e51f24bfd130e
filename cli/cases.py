"""`catchup cases`: list entered cases; accept a draft; make a token."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from catchup.cli.add import author_of
from catchup.cli.check import keeper_of
from catchup.cli.options import Home, Json
from catchup.cli.output import dump, table
from catchup.kg.cases.tokens import ROLES, new_token
from catchup.kg.errors import InputError


def cases(
    json: Json = False,
    accept: Annotated[
        str, typer.Option("--accept", metavar="ID", help="Accept a pending case.")
    ] = "",
    token_for: Annotated[
        str, typer.Option("--new-token", metavar="NAME", help="Make a token for somebody.")
    ] = "",
    orcid: Annotated[str, typer.Option("--orcid", help="Their (or your) ORCID.")] = "",
    role: Annotated[
        str, typer.Option("--role", help="Role of a new token: submit or accept.")
    ] = "submit",
    home: Home = None,
) -> None:
    """List the cases with all their versions: pending, accepted, withdrawn.

    Example: catchup cases
    """
    keeper = keeper_of(home)
    if token_for:
        if role not in ROLES or not author_of(orcid).orcid:
            raise InputError("A token needs --orcid and --role submit or accept.")
        token, line = new_token(token_for, orcid, role)
        typer.echo(f"token (shown this once): {token}\nline for the file of tokens: {line}")
        return
    if accept:
        version = keeper.accept(accept, author_of(orcid))
        typer.echo(f"{version.case}: version {version.number} accepted")
        return
    versions = [v for case in keeper.journal.ids() for v in keeper.journal.versions(case)]
    if json:
        dump([asdict(v) for v in versions])
        return
    rows = [
        (v.case, v.number, v.state, v.title, v.orcid or v.agent, v.at, v.tool) for v in versions
    ]
    table("Cases", ("case", "#version", "state", "title", "by", "at", "with"), rows)
