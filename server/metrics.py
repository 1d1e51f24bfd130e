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

    def request(self, route: str, status: int) -> None:
        """Count a request to a route that ended in a status."""
        self._requests[route, status] += 1

    def query(self, form: str, outcome: str) -> None:
        """Count a query of a form and an outcome."""
        self._queries[form, outcome] += 1

    def answer(self, timings: dict[str, float], size: int) -> None:
        """Count an answer: its milliseconds by phase, and its bytes."""
        for phase, milliseconds in timings.items():
            seconds = milliseconds / 1000
            self._phases[phase][bisect_left(_BUCKETS, seconds)] += 1
            self._seconds[phase] += seconds
        self._bytes += size

    def gauge(self, name: str, help_: str) -> Gauge:
        """Return a new gauge, to be fed by `set_function`."""
        return Gauge(name, help_, registry=self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as prometheus_client takes them."""
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
