"""Pages of an answer: rows cut out of the whole one, which is kept, so that pages fit together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from catchup.kg.errors import CatchupError, InputError, Where

#: Rows of a page that can be asked for; as many as an answer may have.
MOST = 100_000
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_CSV_ROW = re.compile(rb'(?:[^"\r\n]|"(?:[^"]|"")*+")*+\r?\n')


class SnapshotChanged(CatchupError):
    """The graph is no longer the one that the first page came from."""

    title = "The graph has changed since the first page"
    kind = "snapshot-changed"
    status = 410


@dataclass(frozen=True)
class Paging:
    """Which rows: `limit` from `offset`, of the snapshot called `snapshot` ("": the present one)."""

    limit: int | None = None
    offset: int = 0
    snapshot: str = ""

    @property
    def whole(self) -> bool:
        """Whether all rows are asked for."""
        return self.limit is None and not self.offset

    def check(self, served: str) -> None:
        """Raise SnapshotChanged when the pages before came from another snapshot than `served`."""
        if self.snapshot and not served.startswith(self.snapshot):
            raise SnapshotChanged(
                f"The pages before came from the snapshot {self.snapshot[:16]}.",
                remedy="Begin again without 'snapshot' and 'offset'.",
            )


def read_paging(given: Mapping[str, str]) -> Paging:
    """Return the page that `limit`, `offset` and `snapshot` name.

    Raises InputError when a number is none.
    """
    return Paging(
        number("limit", given["limit"], 1, MOST) if "limit" in given else None,
        number("offset", given.get("offset", "0"), 0, 10**9),
        given.get("snapshot", ""),
    )


def number(name: str, text: str, least: int, most: int) -> int:
    """Return the number in `text`. Raises InputError when it is none between the bounds."""
    if not _NUMBER.match(text) or not least <= int(text) <= most:
        raise InputError(
            f"'{text[:40]}' is no value of '{name}'.",
            where=Where(field=name),
            remedy=f"Give a whole number from {least} to {most:,}.",
        )
    return int(text)


def cut(body: bytes, format_: str, paging: Paging) -> tuple[bytes, int]:
    """Return the page of a whole SELECT answer in a results format, and the rows of the whole."""
    start = paging.offset
    end = None if paging.limit is None else start + paging.limit
    if format_ == "json":
        data = json.loads(body)
        rows = data["results"]["bindings"]
        data["results"]["bindings"] = rows[start:end]
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), len(rows)
    if format_ == "xml":
        # a literal's '<' is escaped, so the tags below are the format's own
        head, _, rest = body.partition(b"<results>")
        *cells, tail = rest.split(b"</result>")
        kept = b"".join(c + b"</result>" for c in cells[start:end])
        return head + b"<results>" + kept + tail, len(cells)
    lines = _CSV_ROW.findall(body) if format_ == "csv" else body.splitlines(keepends=True)
    return b"".join([lines[0], *lines[1:][start:end]]), len(lines) - 1


def links(path: str, given: Mapping[str, str], paging: Paging, rows: int, snapshot: str) -> str:
    """Return the Link header of a page: the next and the first one, naming their snapshot."""

    def to(offset: int, rel: str) -> str:
        own = {k: v for k, v in given.items() if k not in ("offset", "snapshot")}
        pairs = {**own, "offset": str(offset), "snapshot": snapshot[:16]}
        return f'<{path}?{urlencode(pairs)}>; rel="{rel}"'

    found = [to(0, "first")] if paging.offset else []
    if paging.limit is not None and paging.offset + paging.limit < rows:
        found.append(to(paging.offset + paging.limit, "next"))
    return ", ".join(found)
