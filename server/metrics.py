"""Prometheus metrics, without query texts and without addresses."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

_BUCKETS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 20)
_PHASES = ("queue", "engine", "serialise")
_RECENT = 256


class Metrics:
    """The metrics of one server.

    Counted in plain numbers, in the one thread of the event loop, and given to prometheus_client
    when they are read: its own counters take 15 us of the 100 that a small query may take.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._requests: Counter[tuple[str, int]] = Counter()
        self._queries: Counter[tuple[str, str]] = Counter()
        self._phases: dict[str, list[int]] = {p: [0] * (len(_BUCKETS) + 1) for p in _PHASES}
        self._seconds = dict.fromkeys(_PHASES, 0.0)
        self._bytes = 0
        # answers that are not counted yet: many at once take a third of the time
        self._recent: list[tuple[str, str, dict[str, float], int]] = []

    def request(self, route: str, status: int) -> None:
        """Count a request to a route that ended in a status."""
        self._requests[route, status] += 1

    def query(self, form: str, outcome: str) -> None:
        """Count a query of a form and an outcome."""
        self._queries[form, outcome] += 1

    def answer(self, form: str, outcome: str, timings: dict[str, float], size: int) -> None:
        """Count an answer: form and outcome, its milliseconds by phase, and its bytes."""
        self._recent.append((form, outcome, timings, size))
        if len(self._recent) >= _RECENT:
            self._count()

    def _count(self) -> None:
        recent, self._recent = self._recent, []
        for phase in _PHASES:
            counts = self._phases[phase]
            for _, _, timings, _ in recent:
                counts[bisect_left(_BUCKETS, timings[phase] / 1000)] += 1
            self._seconds[phase] += sum([timings[phase] for _, _, timings, _ in recent]) / 1000
        self._queries.update([(form, outcome) for form, outcome, _, _ in recent])
        self._bytes += sum([size for _, _, _, size in recent])

    def gauge(self, name: str, help_: str) -> Gauge:
        """Return a new gauge, to be fed by `set_function`."""
        return Gauge(name, help_, registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as prometheus_client takes them."""
        self._count()
        requests = CounterMetricFamily(
            "catchup_requests", "Requests by route and status.", labels=["route", "status"]
        )
        for (route, status), count in self._requests.items():
            requests.add_metric([route, str(status)], count)
        queries = CounterMetricFamily(
            "catchup_queries", "Queries by form and outcome.", labels=["form", "outcome"]
        )
        for (form, outcome), count in self._queries.items():
            queries.add_metric([form, outcome], count)
        seconds = HistogramMetricFamily(
            "catchup_query_seconds", "Time of queries by phase.", labels=["phase"]
        )
        bounds = [*(str(float(bound)) for bound in _BUCKETS), "+Inf"]
        for phase, counts in self._phases.items():
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            seconds.add_metric([phase], buckets, self._seconds[phase])
        size = CounterMetricFamily("catchup_answer_bytes", "Bytes of answers.", value=self._bytes)
        yield from (requests, queries, seconds, size)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)
