"""Prometheus metrics, without query texts and without addresses."""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "catchup_requests", "Requests by route and status.", ["route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.queries = Counter(
            "catchup_queries", "Queries by form and outcome.", ["form", "outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "catchup_query_seconds", "Time of queries by phase.", ["phase"],
            buckets=(0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 20),
            registry=self.registry,
        )  # fmt: skip
        self.bytes = Counter("catchup_answer_bytes", "Bytes of answers.", registry=self.registry)

    @cache  # noqa: B019 (one object for the server's life; `labels` takes 5 us a call)
    def request(self, route: str, status: int) -> Counter:
        """Return the counter of requests to a route that ended in a status."""
        return self.requests.labels(route, str(status))

    @cache  # noqa: B019
    def query(self, form: str, outcome: str) -> Counter:
        """Return the counter of queries of a form and an outcome."""
        return self.queries.labels(form, outcome)

    @cache  # noqa: B019
    def phase(self, name: str) -> Histogram:
        """Return the histogram of one phase of queries."""
        return self.seconds.labels(name)

    def gauge(self, name: str, help_: str) -> Gauge:
        """Return a new gauge, to be fed by `set_function`."""
        return Gauge(name, help_, registry=self.registry)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)
