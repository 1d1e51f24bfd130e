"""`catchup format`: the canonical form of Turtle and YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catchup.cli.output import out
from catchup.kg.errors import InputError, Problem, Where
from catchup.kg.reading import files
from catchup.kg.reading.canonical import canonical, context_document
from catchup.kg.snapshot.manifest import write_durably


def format(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files; without any, all of the repository's.", exists=True),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if something would change.")
    ] = False,
) -> None:
    """Bring Turtle and YAML files into their one canonical form.

    Example: `catchup format kg/data/fu2018/s4.yaml`
    """
    wanted = paths or repository()
    context = files.ONTOLOGY / "context.jsonld"
    changed: list[Path] = []
    for path in wanted:
        new = canonical(path)
        if new != path.read_text(encoding="utf-8"):
            changed.append(path)
            if not check:
                write_durably(path, new.encode())
    if not paths:
        new = context_document()
        if not context.is_file() or context.read_text(encoding="utf-8") != new:
            changed.append(context)
            if not check:
                write_durably(context, new.encode())
    if check and changed:
        problems = [Problem("not in canonical form", Where(str(p))) for p in changed]
        raise InputError(
            f"{len(changed)} of {len(wanted)} file(s) are not in canonical form.",
            remedy="Run 'catchup format'.",
            problems=problems,
        )
    out.print(f"{len(wanted)} file(s), {len(changed)} changed")


def repository() -> list[Path]:
    """Return the Turtle and YAML files of the repository that have a canonical form."""
    ontology = files.turtle_files(files.ONTOLOGY)
    return [*ontology, *files.shape_files(), *files.query_files(), *files.entry_files()]
