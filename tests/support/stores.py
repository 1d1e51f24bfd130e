"""Other stores' own loaders, where they are installed: Jena, RDF4J, Virtuoso, Raptor."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.loopback import free_port, serving

#: Where Debian puts jars (libapache-jena-java, librdf4j-java).
JARS = Path("/usr/share/java")
_SHARED = [
    "slf4j-api", "slf4j-simple", "commons-cli", "commons-codec", "commons-compress",
    "commons-csv", "commons-io", "commons-lang3", "guava", "gson", "jackson-annotations", "jackson-core",
    "jackson-databind", "httpclient", "httpclient-cache", "httpcore", "jcl-over-slf4j", "jsonld-java",
    "protobuf", "thrift", "dexx.collection", "jaxb-api", "titanium-json-ld",
    "jakarta.json-api", "xercesImpl",
]  # fmt: skip
_JENA = [f"jena-{part}" for part in ["arq", "base", "cmds", "core", "iri"]]
_COUNT = re.compile(r"file://(\S+) : (?:Quads|Triples) = ([\d,]+)")
_READ = re.compile(r"read (\d+) (.+)")


def run(command: Sequence[str], timeout: float = 180) -> str:
    """Return all that a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    return done.stdout + done.stderr


def jena(folder: Path) -> list[str]:
    """Return the command `riot` of Debian's Jena 4, else of the Jena 2 that owlready2 brings."""
    if not shutil.which("java"):
        return []
    if (JARS / "jena-cmds.jar").is_file():
        # Debian's package looks for Xerces's messages in a folder other than the one it has them in
        with zipfile.ZipFile(JARS / "jena-core.jar") as jar:
            space = "org/apache/jena/ext/xerces/"
            for name in jar.namelist():
                if name.startswith(space) and name.endswith(".properties"):
                    target = folder / "xerces" / name.removeprefix(space)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(jar.read(name))
        path = [str(folder), *_paths([*_JENA, *_SHARED])]
    else:
        found = importlib.util.find_spec("owlready2")
        assert found is not None and found.origin is not None
        path = [str(p) for p in sorted(Path(found.origin).with_name("pellet").glob("*.jar"))]
    return ["java", "-cp", ":".join(path), "riotcmd.riot"]


def jena_counts(printed: str) -> dict[str, int]:
    """Return how many statements `riot --count` found in each file."""
    return {Path(f).name: int(n.replace(",", "")) for f, n in _COUNT.findall(printed)}


def rdf4j() -> list[str]:
    """Return the command that reads files with the parsers of RDF4J, on which GraphDB is built."""
    if not (shutil.which("javac") and (JARS / "rdf4j-rio-api.jar").is_file()):
        return []
    own = [p.stem for p in sorted(JARS.glob("rdf4j-*.jar")) if not re.search(r"-\d", p.stem)]
    path = ":".join(_paths([*own, *_SHARED]))
    return ["java", "-cp", path, str(Path(__file__).with_name("Load.java"))]


def rdf4j_counts(printed: str) -> tuple[dict[str, int], list[str]]:
    """Return how many statements were read in each file, and the complaints."""
    lines = [(line, _READ.fullmatch(line)) for line in printed.splitlines()]
    counts = {Path(m[2]).name: int(m[1]) for _, m in lines if m}
    return counts, [line for line, m in lines if not m]


@contextmanager
def virtuoso(folder: Path, data: Path) -> Iterator[list[str]]:
    """Start Virtuoso; gives the command that runs statements in it. It may read files of `data`."""
    ports = [free_port(), free_port()]
    settings = f"""[Database]
DatabaseFile = {folder}/v.db
ErrorLogFile = {folder}/v.log
LockFile = {folder}/v.lck
TransactionFile = {folder}/v.trx
ErrorLogLevel = 7
xa_persistent_file = {folder}/v.pxa
[TempDatabase]
DatabaseFile = {folder}/t.db
TransactionFile = {folder}/t.trx
[Parameters]
ServerPort = 127.0.0.1:{ports[0]}
DirsAllowed = {data}
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
[HTTPServer]
ServerPort = 127.0.0.1:{ports[1]}
ServerRoot = {folder}
"""
    (folder / "v.ini").write_text(settings)
    command = ["virtuoso-t", "+foreground", "+configfile", str(folder / "v.ini")]
    with serving(command, "Server online", 30):
        yield ["isql-vt", f"127.0.0.1:{ports[0]}", "dba", "dba"]


def _paths(stems: Iterable[str]) -> list[str]:
    return [str(JARS / f"{s}.jar") for s in stems if (JARS / f"{s}.jar").is_file()]
