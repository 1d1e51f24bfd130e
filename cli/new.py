"""`catchup new`: a template of a case, to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catchup.cli.options import Home, home_or_default
from catchup.kg.cases.known import Known
from catchup.kg.cases.template import csv_template, workbook_template, yaml_template
from catchup.kg.errors import InputError


def new(
    title: Annotated[str, typer.Argument(metavar="NAME", help="Name of the firm, or of the case.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write: .yaml, .xlsx or .csv; else YAML is printed."
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Write a commented template of a case; fill in its blanks, then check and add it.

    Example: catchup new "BYD" -o byd.yaml
    """
    if not title.strip() or any(ord(c) < 32 for c in title):
        raise InputError("A case needs a name of one line.", remedy='Write: catchup new "BYD"')
    alike = [c for c in Known.at(home_or_default(home)).alike(title) if c.iri.count("/id/")]
    known = alike[0] if alike else None
    suffix = output.suffix.lower() if output else ".yaml"
    content: bytes
    if suffix == ".xlsx":
        content = workbook_template(title)
    elif suffix == ".csv":
        content = csv_template(title).encode("utf-8-sig")
    elif suffix in (".yaml", ".yml"):
        content = yaml_template(title, output.name if output else "FILE", known).encode()
    else:
        raise InputError(
            f"No template is written as '{suffix}'.", remedy="Use .yaml, .xlsx or .csv."
        )
    if output is None:
        typer.echo(content.decode(), nl=False)
        return
    try:
        with output.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise InputError(f"{output} exists already.", remedy="Name another file.") from None
    typer.echo(f"{output} written. Fill in the blanks, then: catchup check {output}")
