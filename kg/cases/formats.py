"""The formats in which a case may be entered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from catchup.kg.errors import InputError

#: Largest case that is read. The longest of the three sources is 0.3 MB in this format.
MAX_BYTES = 2_000_000


class UnknownFormat(InputError):
    """The case is in a format that is not read."""

    title = "This format is not read"
    kind = "case-format"
    status = 415


class TooLarge(InputError):
    """The case is larger than any case can be."""

    title = "The case is too large"
    kind = "case-size"
    status = 413


@dataclass(frozen=True)
class CaseFormat:
    """A format: its name, how its files end, and the media types it is sent as."""

    name: str
    suffixes: tuple[str, ...]
    media: tuple[str, ...]


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = (
    CaseFormat("yaml", (".yaml", ".yml"), ("application/yaml", "text/yaml", "application/x-yaml")),
    CaseFormat("turtle", (".ttl",), ("text/turtle",)),
    CaseFormat("trig", (".trig",), ("application/trig",)),
    CaseFormat("jsonld", (".jsonld", ".json"), ("application/ld+json", "application/json")),
    CaseFormat("xlsx", (".xlsx",), (XLSX,)),
    CaseFormat("csv", (".csv",), ("text/csv",)),
)


def by_name(name: str) -> CaseFormat:
    """Return the format called `name`, or that of a file so named. Raises UnknownFormat."""
    suffix = PurePath(name).suffix.lower()
    for known in FORMATS:
        if name == known.name or suffix in known.suffixes:
            return known
    raise UnknownFormat(
        f"'{PurePath(name).name}' is in no format that cases are entered in.",
        remedy="Use " + ", ".join(s for f in FORMATS for s in f.suffixes[:1]) + ".",
    )


def by_media(content_type: str) -> CaseFormat:
    """Return the format sent as `content_type`. Raises UnknownFormat."""
    media = content_type.split(";")[0].strip().lower()
    for known in FORMATS:
        if media in known.media:
            return known
    raise UnknownFormat(
        f"The media type '{media}' is none that cases are sent in.",
        remedy="Send " + ", ".join(f.media[0] for f in FORMATS) + ".",
    )


def refuse_large(size: int) -> None:
    """Raise TooLarge when a case has more than MAX_BYTES bytes."""
    if size > MAX_BYTES:
        raise TooLarge(
            f"A case has at most {MAX_BYTES:,} bytes; this one has more.",
            remedy="Split it into several cases.",
        )
