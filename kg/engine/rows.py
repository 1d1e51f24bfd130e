"""Cutting a SPARQL result after a whole row.

The engine writes rows into a writer in pieces of about 8 kB (a Python loop over rows costs 6.6
times as much); the writer stops it at a limit and cuts what came after the last whole row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TRUNCATED_IRI = "https://w3id.org/catchup/problems/truncated"

# One match a row; possessive, so no data makes them backtrack. In JSON a row ends where the
# object closes and the next opens, outside strings: bindings inside a row are never neighbours
# in that way, since each has its name before it.
_ROW = {
    "json": re.compile(
        rb'(?:[^"}]++|"(?:[^"\\]++|\\.)*+"|\}(?!,\{|\]\}\}))*+\}(?=,\{|\]\}\})', re.DOTALL
    ),
    "xml": re.compile(rb"(?:[^<]++|<(?!/result>))*+</result>", re.DOTALL),
    "csv": re.compile(rb'(?:[^"\r]++|"(?:[^"]++|"")*+"|\r(?!\n))*+\r\n', re.DOTALL),
    "tsv": re.compile(rb"[^\n]*+\n"),
}  # fmt: skip
_TAIL = {"json": b"]}}", "xml": b"</results></sparql>", "csv": b"", "tsv": b""}
_MARK = {"json": b"},{", "xml": b"</result>", "csv": b"\r\n", "tsv": b"\n"}


class Full(Exception):
    """The writer holds all it may."""


class RowWriter:
    """A binary file that holds up to `max_rows` rows and `max_bytes` bytes, and then raises Full."""

    def __init__(self, format_: str, max_rows: int, max_bytes: int) -> None:
        self._format = format_
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        # A row takes a byte at least: up to here no limit can be met, and nothing is looked at.
        self._certain = min(max_rows, max_bytes)
        self._pieces: list[bytes] = []
        self._size = 0
        self._buffer: bytearray | None = None
        # Never too low: strings can hold the mark, and the last row of JSON has none.
        self._rows_at_most = 1
        self._full = False

    def write(self, piece: bytes) -> int:
        """Take a piece from the engine; raises Full past a limit."""
        self._full = self._takes_no_more(piece)
        if self._full:
            raise Full
        return len(piece)

    def _takes_no_more(self, piece: bytes) -> bool:
        buffer = self._buffer
        if buffer is None:
            self._pieces.append(piece)
            self._size += len(piece)
            if self._size <= self._certain:
                return False
            buffer = self._buffer = bytearray()
            piece = b"".join(self._pieces)
        # a mark may lie across two pieces
        start = max(len(buffer) - len(_MARK[self._format]) + 1, 0)
        buffer += piece
        self._rows_at_most += buffer.count(_MARK[self._format], start)
        if len(buffer) > self._max_bytes + 8192:
            return True
        # one header line in CSV and TSV, one row to look ahead
        if self._rows_at_most > self._max_rows + 2:
            self._rows_at_most = sum(1 for _ in self._row_ends(buffer)) + 1
            return self._rows_at_most > self._max_rows + 2
        return False

    def flush(self) -> None:
        """Do nothing; the engine calls it."""

    def _start(self, buffer: bytearray) -> int:
        """Where the rows begin."""
        if self._format == "json":
            return buffer.find(b'"bindings":[') + len(b'"bindings":[')
        if self._format == "xml":
            return buffer.find(b"<results>") + len(b"<results>")
        return buffer.find(b"\n") + 1

    def _row_ends(self, buffer: bytearray) -> Iterator[int]:
        # Each from where the last one ends, and none after the first that is not whole: looked for
        # at every place in it, the end of a row of 40 kB was not found within a minute.
        end = self._start(buffer)
        while match := _ROW[self._format].match(buffer, end):
            yield (end := match.end())

    def result(self) -> tuple[bytes, int, str]:
        """Return the body, its number of rows, and the limit that cut it ("" if none did).

        Rows are counted, at 4 us each, only where they may have to be cut; else they are -1.
        """
        buffer = self._buffer
        if buffer is None:
            return b"".join(self._pieces), -1, ""
        if len(buffer) <= self._max_bytes and self._rows_at_most <= self._max_rows:
            return bytes(buffer), -1, ""
        rows, end, truncated = 0, self._start(buffer), ""
        room = self._max_bytes - len(_TAIL[self._format])
        for row_end in self._row_ends(buffer):
            if rows == self._max_rows:
                truncated = "rows"
                break
            if row_end > room:
                truncated = "bytes"
                break
            rows, end = rows + 1, row_end
        else:
            # the row that did not fit may be the one that is not whole
            truncated = "bytes" if self._full else ""
        if not truncated:
            return bytes(buffer), rows, ""
        return self._declare(bytes(buffer[:end]) + _TAIL[self._format]), rows, truncated

    def _declare(self, body: bytes) -> bytes:
        """Say in the body that it was cut, where the format has a standard place for a link."""
        link = TRUNCATED_IRI.encode()
        if self._format == "json":
            return body.replace(b'"head":{', b'"head":{"link":["' + link + b'"],', 1)
        if self._format == "xml":
            return body.replace(b"</head>", b'<link href="' + link + b'"/></head>', 1)
        return body
