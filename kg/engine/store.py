"""The store as an interface, so that any SPARQL 1.1 endpoint can stand in for the embedded engine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request


class Store(Protocol):
    """What the command line, saved queries and pages need of a store."""

    @property
    def snapshot(self) -> str:
        """An id that changes when the data do; "" when the store cannot tell."""

    def query(self, request: Request | str) -> Answer:
        """Answer a request. Raises the errors of kg.engine.errors."""

    def reload(self) -> None:
        """Take up the newest state of the data."""

    def close(self) -> None:
        """Free what the store holds."""


def open_store(where: Path | str, limits: Limits | None = None) -> Store:
    """Return a store: the embedded engine on a manifest's path, or the endpoint at a URL.

    Raises StoreFailed.
    """
    from catchup.kg.engine.remote import RemoteStore
    from catchup.kg.engine.sync import Engine

    if isinstance(where, str):
        return RemoteStore(where, limits)
    return Engine(where, limits)
