"""`catchup backup`: the home folder in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catchup.cli.options import Home, home_or_default
from catchup.cli.output import out
from catchup.kg.snapshot.archive import backup as write_backup


def backup(
    target: Annotated[Path, typer.Argument(help="The file to write, such as catchup.tar.gz.")],
    home: Home = None,
) -> None:
    """Write entered cases, snapshot and caches to one file.

    Example: `catchup backup catchup-2026-11-22.tar.gz`
    """
    out.print(f"{write_backup(home_or_default(home), target)} files in {target}")
