"""Servers that links are checked against, started once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.remote import DATA, bad_server, oxigraph

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def wikidata() -> Iterator[str]:
    """Return an endpoint that is laid out as Wikidata's is."""
    with oxigraph(DATA.read_text(encoding="utf-8")) as url:
        yield url


@pytest.fixture(scope="session")
def bad() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """Return a server that misbehaves, and what it was asked."""
    with bad_server() as server:
        yield server


@pytest.fixture(scope="session")
def link(home: Path) -> Run:
    """Return `catchup link` as a function of its arguments."""

    def run(*arguments: str, env: dict[str, str] | None = None, command: str = "link") -> (
        subprocess.CompletedProcess[str]
    ):  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "catchup.cli.main", command, *arguments],
            env={
                **os.environ,
                "CATCHUP_HOME": str(home),
                "NO_COLOR": "1",
                "COLUMNS": "200",
                **(env or {}),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
