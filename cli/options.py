"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catchup.kg import settings

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the snapshot and the cases (CATCHUP_HOME)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def home_or_default(home: Path | None) -> Path:
    """Return the folder named with --home, else CATCHUP_HOME, else the default."""
    return home if home is not None else settings.home()
