"""Candidates for names and values of properties, from the snapshot that is served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from catchup.kg.catalogue import declared
from catchup.kg.engine.model import Request as Query
from catchup.kg.linking.properties import PROPERTIES, Property, Value, read_values, values_query
from catchup.kg.linking.reconcile import Candidate, Matcher, weigh
from catchup.kg.snapshot.index import open_index
from catchup.kg.snapshot.manifest import read_manifest
from catchup.server.problems import HttpProblem
from catchup.server.reconcile_forms import Asked
from catchup.server.services import Services

#: Candidates whose context is looked up; the rest are far behind.
_LOOKED_AT = 10
#: Score below which a candidate is only noise to the person who reviews.
_SHOWN_FROM = 30.0


class NoNames(HttpProblem):
    """The server runs on an endpoint elsewhere and has no names of its own."""

    title = "Reconciliation needs a snapshot"
    kind = "no-snapshot"
    status = 503


class Reconciler:
    """Answers from the names of the snapshot that is served."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._matchers: dict[str, Matcher] = {}

    async def matcher(self) -> Matcher:
        """Return the names of the present snapshot. Raises NoNames."""
        home = self._services.config.manifest.parent
        manifest = None if self._services.config.store else read_manifest(home)
        if manifest is None or not (home / manifest.index).is_file():
            raise NoNames("This server answers from an endpoint elsewhere and has no index.")
        if manifest.id not in self._matchers:
            made = await asyncio.to_thread(lambda: Matcher(open_index(home / manifest.index)))
            self._matchers = {manifest.id: made}
        return self._matchers[manifest.id]

    async def values(
        self, iris: Sequence[str], properties: Sequence[Property], client: str
    ) -> dict[tuple[str, str], list[Value]]:
        """Return the values of properties, asked of the engine."""
        if not iris or not properties:
            return {}
        query = Query(declared(values_query(iris, properties)))
        answer, cached = await self._services.answer(query, client)
        try:
            return read_values(json.loads(answer.body), properties)
        finally:
            self._services.release(answer, cached)

    async def match(self, batch: Sequence[Asked], client: str) -> list[list[Candidate]]:
        """Return the candidates of each query of a batch."""
        matcher = await self.matcher()

        def find() -> list[list[Candidate]]:
            every = ([c for c in matcher.find(a.text, a.types, a.lang) if a.admits(c.types)]
                     for a in batch)  # fmt: skip
            return [some[:_LOOKED_AT] for some in every]

        found = await asyncio.to_thread(find)
        wanted = {p for a in batch for p in a.properties}
        if any(c.hint for some in found for c in some):
            wanted.add("country")
        iris = sorted({c.iri for some in found for c in some})
        values = await self.values(iris, [PROPERTIES[p] for p in sorted(wanted)], client)
        known = {key: [n for v in some for n in v.names()] for key, some in values.items()}
        return [
            [
                c
                for c in weigh(candidates, asked.properties, known, asked.required)
                if c.score >= _SHOWN_FROM
            ][: asked.limit]
            for asked, candidates in zip(batch, found, strict=True)
        ]
