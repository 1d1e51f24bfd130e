"""The servers that are measured: ours and its peers, each over the same triples."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.data import Data

START = 600.0


@dataclass
class Server:
    """A running server: where queries go, how long it took to start, its processes."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    started: float
    cleanup: Callable[[], None] = field(default=lambda: None)

    def memory(self) -> int:
        """Return the proportional memory (PSS) of the server's processes, in MiB."""
        total = 0
        for pid in _tree(self.process.pid):
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            total += next(int(x.split()[1]) for x in text.splitlines() if x.startswith("Pss:"))
        return total // 1024

    def stop(self) -> None:
        """End the server and what it started."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.cleanup()


def ours(data: Data, folder: Path, workers: int = 2, *, warm: bool = False) -> Server:
    """Our server on the snapshot."""
    port = free_port()
    script = (
        "from pathlib import Path; from catchup.server.config import *;"
        "from catchup.server.run import run; from dataclasses import replace;"
        "from catchup.kg.engine.share import PoolLimits;"
        f"run(ServerConfig(manifest=Path({str(data.home / 'manifest.json')!r}), port={port},"
        f" home=Path({str(data.home)!r}), watch=0, warm={warm},"
        f" pool=replace(PoolLimits(), workers={workers}, running=64, waiting=1000),"
        " client=replace(ClientLimits(), seconds=1e9)))"
    )
    return _start("catchup", [sys.executable, "-c", script], f"http://127.0.0.1:{port}/sparql")


def oxigraph(data: Data, folder: Path) -> Server | None:
    """`oxigraph serve`, from the package oxigraph."""
    binary = Path(sys.executable).with_name("oxigraph")
    if not binary.is_file():
        return None
    store = _place(folder, "oxigraph", data)
    if not store.is_dir():
        loading = store.with_suffix(".loading")
        shutil.rmtree(loading, ignore_errors=True)
        command = [binary, "load", "--location", loading, "--file", data.ntriples]
        subprocess.run(command, check=True, capture_output=True)
        loading.rename(store)
    port = free_port()
    command = [str(binary), "serve-read-only", "--location", str(store)]
    return _start(
        "oxigraph serve",
        [*command, "--bind", f"127.0.0.1:{port}"],
        f"http://127.0.0.1:{port}/query",
    )


def rdflib_endpoint(data: Data, folder: Path, store: str) -> Server | None:
    """rdflib-endpoint over rdflib's own store ("Memory") or over "Oxigraph"."""
    try:
        import rdflib_endpoint  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return None
    port = free_port()
    script = (
        "import rdflib, uvicorn; from rdflib_endpoint import SparqlEndpoint;"
        f"g = rdflib.Dataset(store={'default' if store == 'Memory' else 'Oxigraph'!r},"
        f" default_union=True); g.parse({str(data.ntriples)!r}, format='nt');"
        f"uvicorn.run(SparqlEndpoint(graph=g), port={port}, log_level='error')"
    )
    name = f"rdflib-endpoint ({store})"
    return _start(name, [sys.executable, "-c", script], f"http://127.0.0.1:{port}/")


def virtuoso(data: Data, folder: Path) -> Server | None:
    """Virtuoso of Debian, where it is installed."""
    binary = shutil.which("virtuoso-t")
    if not binary:
        return None
    place = _place(folder, "virtuoso", data)
    port, sql = free_port(), free_port()
    loaded = place / "loaded"
    if not loaded.is_file():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    (place / "virtuoso.ini").write_text(
        f"[Database]\nDatabaseFile={place}/v.db\nErrorLogFile={place}/v.log\n"
        f"LockFile={place}/v.lck\nTransactionFile={place}/v.trx\nxa_persistent_file={place}/v.pxa\n"
        f"[TempDatabase]\nDatabaseFile={place}/t.db\nTransactionFile={place}/t.trx\n"
        f"[Parameters]\nServerPort=127.0.0.1:{sql}\nDirsAllowed={data.ntriples.parent}\n"
        "NumberOfBuffers=170000\nMaxDirtyBuffers=130000\n"
        f"[HTTPServer]\nServerPort=127.0.0.1:{port}\nServerThreads=20\n"
        "[SPARQL]\nResultSetMaxRows=100000\n"
    )
    server = _start(
        "virtuoso",
        [binary, "+foreground", "+configfile", str(place / "virtuoso.ini")],
        f"http://127.0.0.1:{port}/sparql",
    )
    if not loaded.is_file():
        isql = shutil.which("isql-vt") or shutil.which("isql") or "isql-vt"
        statement = (
            f"ld_dir('{data.ntriples.parent}', '{data.ntriples.name}', 'urn:g');"
            " rdf_loader_run(); checkpoint;"
        )
        command = [isql, f"127.0.0.1:{sql}", "dba", "dba", f"exec={statement}"]
        subprocess.run(command, check=True, capture_output=True, timeout=START)
        loaded.touch()
    return server


def _place(folder: Path, server: str, data: Data) -> Path:
    """Return where a server keeps this very graph; what it kept of older ones of its name goes."""
    place = folder / f"{server}-{data.ntriples.stem}"
    for old in folder.glob(f"{server}-{data.name}*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)
    return place


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _start(name: str, command: list[str], url: str) -> Server:
    """Start a server and wait until it answers an ASK."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy()
    )
    with httpx.Client(trust_env=False, timeout=60) as client:
        while time.perf_counter() - began < START:
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}")
            try:
                params = {"query": "ASK { ?s ?p ?o }"}
                headers = {"Accept": "application/sparql-results+json"}
                if client.get(url, params=params, headers=headers).status_code == 200:
                    return Server(name, url, process, time.perf_counter() - began)
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"{name} did not answer within {START:.0f} s")


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(x) for x in task.read_text().split()]
            except OSError:
                continue
    return found
