"""All settings in one place: the command line, the documentation and /docs read this table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catchup.kg.errors import CannotRun
from catchup.kg.reading.files import ROOT


@dataclass(frozen=True)
class Setting:
    """A setting: its name, environment variable `CATCHUP_<NAME>`, default, type and meaning.

    `why` says what chose the default, where a measurement or a specification did.
    """

    name: str
    default: str
    help: str
    kind: type = str
    why: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "CATCHUP_" + self.name.upper()


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("home", "", "Folder of the snapshot, entered cases and caches.", Path),
    Setting("sources", "", "Folder of the source texts; with it pages show the passages.", Path),
    Setting("base", "https://w3id.org/catchup/", "IRI under which this installation mints names."),
    Setting("host", "127.0.0.1", "Address to serve on."),
    Setting("port", "8000", "Port to serve on.", int),
    Setting("public_url", "", "Absolute URL of this server as visitors see it, if proxied."),
    Setting(
        "tokens", "", "File of tokens (name, hash, ORCID, role); without it writing is off.", Path
    ),
    Setting("store", "", "URL of a SPARQL endpoint to use instead of the embedded engine."),
    Setting(
        "services",
        "",
        "Endpoints that SERVICE may name, divided by blanks: IRI, or IRI=URL; none by default.",
    ),
    Setting("workers", "2", "Query workers; one a core.", int),
    Setting("slow_workers", "4", "Further workers, for queries that take long.", int),
    Setting("timeout", "20", "Seconds a query may take, parsing and planning included.", float),
    Setting("memory", "512", "MiB a query may use beyond the graph itself.", int),
    Setting("rows", "100000", "Rows or triples of one answer; more are cut and declared.", int),
    Setting("bytes", "32", "MiB of one answer; more are cut and declared.", int),
    Setting("query_length", "64", "KiB of the text of a query.", int),
    Setting("nesting", "100", "Levels of nesting of a query.", int),
    Setting("patterns", "100", "Triple patterns, OPTIONALs and UNION arms of a query.", int),
    Setting("steps", "100", "Steps of one property path.", int),
    Setting(
        "slow_after", "0.25", "Seconds after which a query leaves its lane to quicker ones.", float
    ),
    Setting(
        "client_seconds",
        "180",
        "Seconds of engine time a client may use in a minute.",
        float,
        "What three queries at once take; public servers set less (WDQS: 60).",
    ),
    Setting("client_queries", "3", "Queries one client may have running at once.", int),
    Setting("client_waiting", "200", "Queries one client may have waiting.", int),
    Setting("queue", "10", "Seconds a query may wait for a worker.", float),
    Setting("held", "256", "MiB of answers held for all clients together.", int),
    Setting("body", "1", "MiB of the body of a request.", float),
    Setting("arrival", "30", "Seconds a request may take to arrive.", float),
    Setting("stalled", "30", "Seconds a client may take nothing of its answer.", float),
    Setting("connections", "1000", "Connections, of one client half as many.", int),
    Setting("cache", "64", "MiB of answers kept for reuse.", int),
    Setting("proxies", "0", "Proxies in front whose X-Forwarded-For is believed.", int),
)


def value(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the text of setting `name` from the environment, else its default.

    Raises KeyError for a name that is not in SETTINGS.
    """
    setting = next((s for s in SETTINGS if s.name == name), None)
    if setting is None:
        raise KeyError(name)
    found = (os.environ if environment is None else environment).get(setting.variable)
    return found if found is not None else setting.default


def number(name: str, environment: Mapping[str, str] | None = None) -> float:
    """Return setting `name` as a number. Raises CannotRun when it is none."""
    text = value(name, environment)
    try:
        return float(text)
    except ValueError:
        setting = next(s for s in SETTINGS if s.name == name)
        raise CannotRun(
            f"{setting.variable} is '{text}'.", remedy=f"Give a number, such as {setting.default}."
        ) from None


def home(environment: Mapping[str, str] | None = None) -> Path:
    """Return the home folder: CATCHUP_HOME, else build/home of a checkout, else the user's data."""
    text = value("home", environment)
    if text:
        return Path(text)
    if (ROOT / "pyproject.toml").is_file():
        return ROOT / "build" / "home"
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "catchup"
