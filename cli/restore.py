"""`catchup restore`: the home folder from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catchup.cli.options import Home, home_or_default
from catchup.cli.output import out
from catchup.kg.snapshot.archive import restore as unpack


def restore(
    source: Annotated[Path, typer.Argument(help="A file that 'catchup backup' wrote.")],
    home: Home = None,
) -> None:
    """Unpack a backup into an empty home folder.

    Example: `catchup restore catchup-2026-11-22.tar.gz --home /srv/catchup`
    """
    folder = home_or_default(home)
    out.print(f"{unpack(folder, source)} files in {folder}")
