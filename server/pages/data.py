"""Where pages get their data: SPARQL texts in queries/, run by the workers, and the index."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from catchup.kg import search
from catchup.kg.catalogue import declared
from catchup.kg.engine.model import Request
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import Manifest, read_manifest
from catchup.server.pages.facts import LANGUAGES, Facts, Names, Row, iri_list, rows_of
from catchup.server.problems import HttpProblem
from catchup.server.services import Services

QUERIES = Path(__file__).parent / "queries"
#: IRIs in one VALUES block; 1,000 keep a query's text under the engine's limit of 256 kB.
_BLOCK = 1000
#: Labels kept in a language: some 10 MB. Looking one up in the index takes 20 µs, and a page of the
#: theory has 2,500, a firm's 1,500.
_KNOWN = 50_000


class NoIndex(HttpProblem):
    """The server runs on an endpoint elsewhere and has no names of its own."""

    status = 503
    title = "Pages need a snapshot"
    kind = "no-snapshot"


@cache
def query_text(name: str) -> str:
    """Return the query in queries/`name`.rq with its prefixes declared."""
    return declared((QUERIES / f"{name}.rq").read_text(encoding="utf-8"))


class Data:
    """Answers for one visit."""

    def __init__(self, services: Services, client: str, lang: str) -> None:
        self._services = services
        self._client = client
        self.lang = lang

    async def rows(self, name: str, iris: Iterable[str] | None = None, **values: str) -> list[Row]:
        """Return the rows of a query; `values` are IRIs of its variables, `iris` fill its VALUES.

        Raises the errors of kg.engine.errors.
        """
        text = query_text(name)
        for variable, iri in values.items():
            # Put into the text: of a variable bound from outside, the planner does not know that it
            # is bound (what is around a term took 30 ms at a million triples, 1.5 so).
            text = re.sub(rf"\?{variable}\b", iri_list([iri]) or "<urn:none>", text)
        if iris is None:
            return await self._run(text)
        wanted = sorted(set(iris))
        blocks = [wanted[i : i + _BLOCK] for i in range(0, len(wanted), _BLOCK)]
        found = [await self._run(text.replace("$iris", iri_list(b))) for b in blocks]
        return [row for rows in found for row in rows]

    async def facts(self, name: str, iris: Iterable[str] | None = None, **values: str) -> Facts:
        """Return the rows of a query with the variables s, p and o as facts."""
        return Facts(await self.rows(name, iris, **values))

    async def _run(self, text: str) -> list[Row]:
        request = Request(text, results="tsv", rdf=None)
        answer, cached = await self._services.answer(request, self._client)
        self._services.release(answer, cached)
        return rows_of(answer.body)

    async def both(self, *work: tuple[str, Iterable[str] | None]) -> list[list[Row]]:
        """Return the rows of several queries, asked at the same time."""
        return list(await asyncio.gather(*(self.rows(name, iris) for name, iris in work)))

    @property
    def index(self) -> sqlite3.Connection:
        """The index of the snapshot that is served. Raises NoIndex."""
        return snapshot_files(self._services)[1]

    @property
    def manifest(self) -> Manifest:
        """The manifest of the snapshot that is served. Raises NoIndex."""
        return snapshot_files(self._services)[0]

    def names(self, iris: Iterable[str]) -> Names:
        """Return the labels of things in the page's language."""
        opened = _files(self._services)
        known = opened.labels.setdefault(self.lang, {})
        if len(known) > _KNOWN:  # whoever still holds the old ones keeps them
            known = opened.labels[self.lang] = {}
        missing = [iri for iri in iris if iri not in known]
        if missing:
            found = search.labels_of(opened.index, missing, LANGUAGES[self.lang])
            known.update((iri, found.get(iri, "")) for iri in missing)
        return Names(known)

    def types(self, iris: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the types of things, the inferred ones too."""
        return search.types_of(self.index, iris)


@dataclass(frozen=True)
class _Opened:
    """The files of a snapshot, with the labels that were asked for by language ("" for none)."""

    manifest: Manifest
    index: sqlite3.Connection
    labels: dict[str, dict[str, str]] = field(default_factory=dict)


def snapshot_files(services: Services) -> tuple[Manifest, sqlite3.Connection]:
    """Return the manifest and the open index of the snapshot that is served. Raises NoIndex."""
    opened = _files(services)
    return opened.manifest, opened.index


def _files(services: Services) -> _Opened:
    if services.config.store and not services.config.manifest.is_file():
        raise NoIndex(
            "This server passes queries on to another endpoint and has no index of names for pages.",
            remedy="Query it at /sparql; or start it with --home on the snapshot that the endpoint holds.",
        )
    return _open(services.config.manifest.parent, services.store.snapshot)


_opened: dict[tuple[Path, str], _Opened] = {}


def _open(home: Path, snapshot: str) -> _Opened:
    key = (home, snapshot)
    if key not in _opened:
        manifest = read_manifest(home)
        if manifest is None or not (home / manifest.index).is_file():
            raise NoIndex(
                f"There is no index in {home.name}.", remedy="Run 'catchup build', then try again."
            )
        # One index at a time: what was opened for an older snapshot is closed with it.
        for old in _opened.values():
            old.index.close()
        _opened.clear()
        path = home / manifest.index
        _opened[key] = _Opened(manifest, open_index(path))
        # A search in an index that is not in memory yet took 220 ms, 17 in one that is.
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)
    return _opened[key]
