"""What the service says of itself: SPARQL 1.1 Service Description, VoID, DCAT, schema.org.

Generated from the snapshot, once for each; absolute IRIs come from the configuration alone.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

import pyoxigraph as ox

from catchup.kg.engine.model import Request
from catchup.kg.errors import CatchupError
from catchup.kg.names import DCTERMS, OWL, PREFIXES, RDF, RDFS, SCHEMA, SH, XSD, graph_iri
from catchup.kg.snapshot.manifest import Manifest, read_manifest
from catchup.server.partitions import COUNTED, Partitions, Rows, read
from catchup.server.triples import SD, VOID, Graph, text

if TYPE_CHECKING:
    from catchup.server.services import Services

DCAT = "http://www.w3.org/ns/dcat#"
FORMAT_IRI = "http://www.w3.org/ns/formats/"
_CC_BY = "https://creativecommons.org/licenses/by/4.0/"
_W3C_FORMATS = {
    "json": "SPARQL_Results_JSON", "xml": "SPARQL_Results_XML", "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV", "turtle": "Turtle", "jsonld": "JSON-LD",
    "ntriples": "N-Triples", "rdfxml": "RDF_XML", "trig": "TriG", "nquads": "N-Quads",
}  # fmt: skip

# Seconds until what could not be counted, on a busy machine say, is counted again.
_AGAIN = 60.0


def dataset_iri(services: Services) -> str:
    """Return the IRI of the dataset."""
    return f"{services.config.url}/.well-known/void#dataset"


class Describer:
    """Makes the description of a snapshot, once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._made = Graph()
        self._snapshot: str | None = None
        # until when the description stands: one that lacks counts is made again
        self._until = 0.0
        self._graphs: tuple[str, frozenset[str]] = ("", frozenset())
        self._lock = asyncio.Lock()

    async def graph(self) -> Graph:
        """Return the description of the snapshot that is served."""
        snapshot = self._services.store.snapshot
        async with self._lock:
            now = time.monotonic()
            if self._snapshot != snapshot or now > self._until:
                self._made, complete = await self._make()
                self._snapshot = snapshot
                self._until = math.inf if complete else now + _AGAIN
            return self._made

    def graphs(self) -> frozenset[str]:
        """Return the named graphs of the snapshot that is served."""
        snapshot = self._services.store.snapshot
        if self._graphs[0] != snapshot and not self._services.config.store:
            manifest = read_manifest(self._services.config.manifest.parent)
            self._graphs = (snapshot, frozenset(manifest.graphs() if manifest else ()))
        return self._graphs[1]

    async def _make(self) -> tuple[Graph, bool]:
        """Return a description, and whether all could be counted."""
        graph = Graph()
        config = self._services.config
        manifest = (
            None if config.store else await asyncio.to_thread(read_manifest, config.manifest.parent)
        )
        self._service(graph, manifest)
        self._dataset(graph)
        done = await asyncio.gather(
            self._examples(graph), *(self._count(graph, query, add) for query, add in COUNTED)
        )
        if not all(done):
            # A store too large to be counted within the limits still has a description.
            graph.add(
                dataset_iri(self._services), RDFS + "comment",
                text("Some of its classes and properties could not be counted within the limits."),
            )  # fmt: skip
        return graph, all(done)

    def _service(self, graph: Graph, manifest: Manifest | None) -> None:
        config = self._services.config
        service = f"{config.url}/sparql"
        dataset, default = dataset_iri(self._services), dataset_iri(self._services) + "-default"
        graph.add(service, RDF + "type", SD + "Service", DCAT + "DataService")
        graph.add(service, SD + "endpoint", service)
        graph.add(service, SD + "supportedLanguage", SD + "SPARQL11Query")
        if config.services:
            graph.add(service, SD + "feature", SD + "BasicFederatedQuery")
        graph.add(service, SD + "resultFormat", *(FORMAT_IRI + f for f in _W3C_FORMATS.values()))
        graph.add(service, SD + "defaultDataset", dataset)
        graph.add(service, DCTERMS + "title", text("Catchup SPARQL endpoint"))
        graph.add(service, DCTERMS + "license", _CC_BY)
        graph.add(service, RDFS + "seeAlso", f"{config.url}/llms.txt", f"{config.url}/openapi.json")
        graph.add(service, DCAT + "endpointURL", service)
        graph.add(service, DCAT + "servesDataset", dataset)
        graph.add(dataset, RDF + "type", SD + "Dataset")
        graph.add(dataset, SD + "defaultGraph", default)
        graph.add(default, RDF + "type", SD + "Graph", VOID + "Dataset")
        for line in limit_lines(self._services):
            graph.add(service, RDFS + "comment", text(line))
        if manifest:
            for number, (name, triples) in enumerate(sorted(manifest.graphs().items())):
                named = f"{config.url}/.well-known/void#named-{number}"
                body = f"{config.url}/.well-known/void#graph-{number}"
                graph.add(dataset, SD + "namedGraph", named)
                graph.add(named, RDF + "type", SD + "NamedGraph")
                graph.add(named, SD + "name", name)
                graph.add(named, SD + "graph", body)
                graph.add(body, RDF + "type", SD + "Graph", VOID + "Dataset")
                graph.add(body, VOID + "triples", triples)
                graph.add(body, VOID + "dataDump", f"{config.url}/graphs?graph={name}")
                graph.add(dataset, VOID + "subset", body)

    def _dataset(self, graph: Graph) -> None:
        config, store = self._services.config, self._services.store
        dataset = dataset_iri(self._services)
        graph.add(dataset, RDF + "type", VOID + "Dataset", DCAT + "Dataset", SCHEMA + "Dataset")
        title = text("Catchup: how latecomer firms learn")
        summary = text(
            "A knowledge graph of the findings of three publications on learning and catch-up of"
            " firms from emerging economies, each statement with its source."
        )
        for predicate in (DCTERMS + "title", SCHEMA + "name"):
            graph.add(dataset, predicate, title)
        for predicate in (DCTERMS + "description", SCHEMA + "description"):
            graph.add(dataset, predicate, summary)
        for predicate in (DCTERMS + "license", SCHEMA + "license"):
            graph.add(dataset, predicate, _CC_BY)
        graph.add(dataset, VOID + "sparqlEndpoint", f"{config.url}/sparql")
        graph.add(dataset, VOID + "uriSpace", ox.Literal(config.base))
        graph.add(dataset, VOID + "exampleResource", config.base + "id/huawei")
        graph.add(dataset, SCHEMA + "url", config.url + "/")
        graph.add(dataset, DCAT + "landingPage", config.url + "/")
        graph.add(dataset, DCTERMS + "language", ox.Literal("en"), ox.Literal("zh-hans"))
        for namespace in (PREFIXES["cu"], PREFIXES["skos"], PREFIXES["prov"], PREFIXES["oa"]):
            graph.add(dataset, VOID + "vocabulary", namespace)
        if store.snapshot:
            graph.add(dataset, OWL + "versionInfo", ox.Literal(store.snapshot))
            graph.add(dataset, SCHEMA + "version", ox.Literal(store.snapshot))
        download = f"{config.url}/.well-known/void#distribution"
        graph.add(dataset, DCAT + "distribution", download)
        graph.add(dataset, SCHEMA + "distribution", download)
        graph.add(download, RDF + "type", DCAT + "Distribution", SCHEMA + "DataDownload")
        graph.add(download, DCAT + "accessURL", f"{config.url}/sparql")
        graph.add(download, DCAT + "accessService", f"{config.url}/sparql")
        graph.add(download, SCHEMA + "contentUrl", f"{config.url}/graphs?default")
        graph.add(download, SCHEMA + "encodingFormat", ox.Literal("text/turtle"))
        for prefix, namespace in PREFIXES.items():
            node = f"{config.url}/.well-known/void#prefix-{prefix}"
            graph.add(dataset, SH + "declare", node)
            graph.add(node, SH + "prefix", ox.Literal(prefix))
            graph.add(
                node, SH + "namespace",
                ox.Literal(namespace, datatype=ox.NamedNode(XSD + "anyURI")),
            )  # fmt: skip

    async def _examples(self, graph: Graph) -> bool:
        """Add the catalogue of queries, in the form in which SIB's editor looks for them."""
        request = Request(graph_iri("queries"), kind="graph", rdf="ntriples")
        body = await self._whole(request)
        for quad in ox.parse(body or b"", format=ox.RdfFormat.N_TRIPLES):
            graph.triples[quad.triple] = None
        return body is not None

    async def _count(
        self, graph: Graph, query: str, add: Callable[[Partitions, Rows], None]
    ) -> bool:
        """Add what a query counts; returns whether it could be answered."""
        dataset = dataset_iri(self._services)
        body = await self._whole(Request(query, results="json"))
        if body is None:
            return False
        partitions = Partitions(graph, self._services.config.url, dataset, dataset + "-default")
        await asyncio.to_thread(lambda: add(partitions, read(body)))
        return True

    async def _whole(self, request: Request) -> bytes | None:
        """Return a whole answer; None where a limit was met: part of one would tell untruths."""
        try:
            answer = await self._services.store.query(request, "description")
        except CatchupError:
            return None
        self._services.store.release(len(answer.body))
        return None if answer.truncated else answer.body


def limit_lines(services: Services) -> list[str]:
    """Return the limits in words, one line each."""
    config = services.config
    lines = []
    for group in (config.limits, config.pool, config.client):
        for field in fields(group):
            unit = field.metadata["unit"]
            value = f"{getattr(group, field.name):,} {unit}".strip()
            lines.append(f"Limit: {field.metadata['help']}: {value}.")
    return lines


async def service_description(services: Services, format_: str) -> bytes:
    """Return the service description with the VoID of its dataset (SPARQL 1.1 SD, 2)."""
    graph = await services.describer.graph()
    return await asyncio.to_thread(graph.serialise, format_)
