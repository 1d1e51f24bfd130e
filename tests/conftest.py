"""What tests share: servers started once, on free ports of loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.built import built_home
from support.graphs import graphs
from support.serve import Served, start
from support.snapshot import write_snapshot


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the manifest of a small snapshot."""
    return write_snapshot(tmp_path_factory.mktemp("snapshot"), graphs())


@pytest.fixture(scope="session")
def endpoint(manifest: Path) -> Iterator[Served]:
    """Return a server on the small snapshot, with limits low enough to be met."""
    served = start(
        manifest,
        limits={"timeout": 1.5, "cpu": 2, "memory": 200 * 1024 * 1024, "rows": 3000,
                "bytes": 1_000_000},
        pool={"waiting": 6}, client={"seconds": 1e6},
    )  # fmt: skip
    yield served
    served.stop()


@pytest.fixture(scope="session")
def home() -> Path:
    """Return a home folder with the snapshot of this checkout."""
    return built_home()


@pytest.fixture(scope="session")
def site(home: Path) -> Iterator[Served]:
    """Return a server on the snapshot of this checkout."""
    served = start(home / "manifest.json", home=str(home), client={"seconds": 1e6})
    yield served
    served.stop()
