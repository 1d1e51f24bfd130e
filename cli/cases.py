"""`catchup cases`: list entered cases; accept a draft; adopt a case; make a token."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from catchup.cli.add import author_of
from catchup.cli.check import keeper_of
from catchup.cli.options import Home, Json
from catchup.cli.output import dump, table
from catchup.kg.cases.adopt import adopt
from catchup.kg.cases.tokens import ROLES, new_token
from catchup.kg.errors import InputError


def cases(
    json: Json = False,
    accept: Annotated[
        str, typer.Option("--accept", metavar="ID", help="Accept a pending case.")
    ] = "",
    refuse: Annotated[
        str, typer.Option("--refuse", metavar="ID", help="Refuse a pending case.")
    ] = "",
    note: Annotated[str, typer.Option("--note", help="Why, for its author.")] = "",
    adopt_case: Annotated[
        str,
        typer.Option("--adopt", metavar="ID", help="Turn an accepted case into a curated entry."),
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for the adopted entry.")
    ] = None,
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
    if refuse:
        version = keeper.refuse(refuse, author_of(orcid), note)
        typer.echo(f"{version.case}: version {version.number} refused")
        return
    if adopt_case:
        adopted = adopt(keeper, adopt_case, author_of(orcid))
        folder = output or Path()
        (folder / f"{adopt_case}.yaml").write_text(adopted.entry, encoding="utf-8")
        pairs = "".join(f"{old}\t{new}\n" for old, new in adopted.renames.items())
        (folder / f"{adopt_case}.renames.tsv").write_text("old\tnew\n" + pairs, encoding="utf-8")
        typer.echo(f"{adopt_case}: adopted, {len(adopted.renames)} nodes renamed")
        return
    versions = [v for case in keeper.journal.ids() for v in keeper.journal.versions(case)]
    if json:
        dump([asdict(v) for v in versions])
        return
    rows = [
        (v.case, v.number, v.state, v.title, v.orcid or v.agent, v.at, v.tool) for v in versions
    ]
    table("Cases", ("case", "#version", "state", "title", "by", "at", "with"), rows)
