"""One job with a case in a child process: limited where it reads what a visitor sent.

A frame comes in (what to do, and the content), a frame goes out (the report, and the case as
N-Quads); kg.engine.wire says how. The same code serves the command line, which forks itself, and
the web process, which must not fork and asks kg.cases.holder instead.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import socket
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from catchup.kg import names
from catchup.kg.cases.answers import CLOCK, MEMORY, PATIENCE, PROCESSOR, opened, too_hard
from catchup.kg.cases.check import check_case
from catchup.kg.cases.formats import by_name
from catchup.kg.cases.known import Known
from catchup.kg.cases.read import read_case
from catchup.kg.cases.terms import load_terms
from catchup.kg.engine.wire import frame, read_frame
from catchup.kg.errors import CatchupError
from catchup.kg.shapes.load import load_profile
from catchup.kg.shapes.validate import validate

SAMPLES = {
    "yaml": b"graph: warm",
    "turtle": b"<urn:a> <urn:b> 'c' .",
    "trig": b"<urn:a> <urn:b> 'c' .",
    "jsonld": b"{}",
    "csv": b"claim",
}


def warm(formats: Iterable[str]) -> None:
    """Load all that a check needs, so that nothing is opened once descriptors are forbidden.

    Each format is read once, because libraries load codecs and the like at their first use;
    reading workbooks takes another 0.4 s to load, so the command line warms what it needs.
    """
    terms = load_terms()
    for name in formats:
        content = SAMPLES.get(name) or _sample_workbook()
        read_case(content, by_name(name), "", terms.context)
    load_profile("profile-new-case")
    claim = ox.NamedNode(names.D + "warm")
    triple = ox.Triple(claim, ox.NamedNode(names.RDF + "type"), ox.NamedNode(names.CU + "Claim"))
    validate([triple], (), [claim.value], "profile-new-case")
    assert terms.program


def _sample_workbook() -> bytes:
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["claim", "\u00e4"])
    book.save(out)
    return out.getvalue()


def serve(sock: socket.socket) -> None:
    """Do the one job that comes in on `sock` under limits, and answer on it; all must be warm."""
    header, body = read_frame(sock)
    known = Known.at(Path(header["home"]))
    _limit(header.get("patience", 1))
    try:
        report = check_case(
            body, by_name(header["format"]), header["file"], known, header["base"], header["case"]
        )
        quads = ox.serialize(report.quads, format=ox.RdfFormat.N_QUADS) or b""
        answer = {**report.as_dict(), "graph": report.graph, "header": report.header}
        sock.sendall(frame(answer, quads))
    except CatchupError as error:
        sock.sendall(frame({"error": _pack(error)}))
    except (MemoryError, RecursionError):
        sock.sendall(frame({"error": _pack(too_hard())}))


def _limit(patience: int) -> None:
    """Forbid the process more memory and time than a case needs, and all files and sockets."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + MEMORY
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    processor = spent + PROCESSOR * patience
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, CLOCK * patience)


def run_forked(job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Do a job in a fork of this process (the command line; never a threaded process).

    Raises the error that the job met, or CaseTooHard when it went over the limits.
    """
    mine, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        mine.close()
        with open(os.devnull, "w") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 2)
        try:
            warm([job["format"]])
            serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    try:
        with mine:
            mine.settimeout(CLOCK * PATIENCE + 5)
            mine.sendall(frame({**job, "patience": PATIENCE}, body))
            return opened(*read_frame(mine))
    except (EOFError, OSError):
        raise too_hard() from None
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _pack(error: CatchupError) -> dict[str, Any]:
    return {
        "kind": error.kind,
        "detail": error.detail,
        "remedy": error.remedy,
        "where": asdict(error.where),
    }
