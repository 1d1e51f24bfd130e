"""One visit to a page: its address, its parameters and its language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from catchup.server.asgi import Scope, header
from catchup.server.limits import client_of
from catchup.server.pages.data import Data
from catchup.server.pages.facts import LANGUAGES
from catchup.server.pages.held import Held
from catchup.server.pages.words import say
from catchup.server.services import Services

COOKIE = "catchup-lang"
T = TypeVar("T")


@dataclass(frozen=True)
class Visit:
    """What a page is asked for. `names` are the parts of the path that its route names."""

    services: Services
    path: str
    names: dict[str, str]
    query: tuple[tuple[str, str], ...]
    lang: str
    #: whether the language was chosen in the address, to be remembered
    chose: bool
    client: str
    held: Held

    @property
    def data(self) -> Data:
        """Where the page gets its data."""
        return Data(self.services, self.client, self.lang)

    async def once(self, key: object, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` makes for `key`: made once for the snapshot that is served."""
        return await self.held.get(self.services.store.snapshot, key, make)

    def get(self, name: str, otherwise: str = "") -> str:
        """Return a query parameter (the first of its name)."""
        return next((v for n, v in self.query if n == name), otherwise)

    def all(self, name: str) -> list[str]:
        """Return all values of a query parameter."""
        return [v for n, v in self.query if n == name]

    def here(self, **changed: str) -> str:
        """Return this address with some parameters changed; an empty one is left out."""
        kept = [(n, v) for n, v in self.query if n not in changed]
        pairs = kept + [(n, v) for n, v in changed.items() if v]
        return self.path + ("?" + urlencode(pairs) if pairs else "")

    def say(self, text: str, /, **values: object) -> str:
        """Return a text of the pages in the visit's language."""
        return say(text, self.lang, **values)


def english(visit: Visit) -> Data:
    """Return the data of a visit in English: for what is made once for all languages."""
    return Data(visit.services, visit.client, "en")


def read_visit(services: Services, scope: Scope, held: Held) -> Visit:
    """Return the visit that a request is. What is malformed in it is left out."""
    raw = scope["query_string"].decode("latin-1")
    query = tuple(parse_qsl(raw, keep_blank_values=True, max_num_fields=200))
    asked = dict(query).get("lang", "")
    chose = asked in LANGUAGES
    lang = asked if chose else _remembered(scope) or _accepted(header(scope, b"accept-language"))
    return Visit(
        services=services,
        path=scope["path"],
        names=dict(scope.get("path_params") or {}),
        # not part of what the page shows: the same page for all who read that language
        query=tuple(pair for pair in query if pair[0] != "lang"),
        lang=lang,
        chose=chose,
        client=client_of(scope, services.config.proxies),
        held=held,
    )


def _remembered(scope: Scope) -> str:
    # by hand: the library's parser takes 0.1 s for the longest header that is read
    for pair in header(scope, b"cookie").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == COOKIE:
            return value.strip() if value.strip() in LANGUAGES else ""
    return ""


def _accepted(accept_language: str) -> str:
    """Return the first language of ours by quality (RFC 9110, 12.5.4), else English."""
    best, lang = 0.0, "en"
    for item in accept_language.split(","):
        tag, _, parameter = item.strip().partition(";")
        quality = 1.0
        if parameter.strip().startswith("q="):
            try:
                quality = float(parameter.strip()[2:])
            except ValueError:
                quality = 0.0
        main = tag.strip().lower().split("-")[0]
        if main in LANGUAGES and quality > best:
            best, lang = quality, main
    return lang
