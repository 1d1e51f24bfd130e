"""The hot path: answers that are asked again leave before ASGI is entered.

Only whole answers to a plain GET of /sparql are kept, as the bytes that were sent; and under the
bytes of whole requests, so that one that comes again need not be read at all.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from catchup.server.wish import Wishes

# Larger answers gain nothing here, and wait for slow readers better in ASGI.
_KEPT_AT_MOST = 32 * 1024
_HIT = b'server-timing: cache;desc="hit"\r\n'

#: URL, Accept, Accept-Encoding
Key = tuple[bytes, bytes, bytes]


class HotAnswers:
    """Responses as bytes, bounded; emptied when a new snapshot is served."""

    def __init__(self, size: int, wishes: Wishes) -> None:
        self._size = size // 2
        self._wishes = wishes
        self._held = 0
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        # by whole requests, with what those and their responses take: emptied when it is too much
        self._whole: dict[bytes, bytes] = {}
        self._whole_held = 0
        self.hits = 0

    def whole(self, request: bytes) -> bytes | None:
        """Return the response kept for a request that came just so before, all but its date."""
        return self._whole.get(request)

    def get(self, key: Key, request: bytes = b"") -> bytes | None:
        """Return the response kept for a key; `request` will be known as a whole from now on."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            if request:
                self._whole_held += len(request) + len(found)
                if self._whole_held > self._size:
                    self._whole.clear()
                    self._whole_held = len(request) + len(found)
                self._whole[request] = found
        return found

    def put(self, scope: dict[str, Any], headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Keep a response to the request in `scope`, if it is one that can be kept."""
        wished = self._wishes.key(scope["headers"])
        if wished is None or scope["method"] != "GET" or len(body) > _KEPT_AT_MOST:
            return
        key = (scope["raw_path"] + b"?" + scope["query_string"], *wished)
        if key in self._kept:
            return
        lines = [n + b": " + v + b"\r\n" for n, v in headers if n != b"server-timing"]
        response = b"%b%b\r\n%b" % (b"".join(lines), _HIT, body)
        self._kept[key] = response
        self._held += len(response) + len(key[0])
        while self._held > self._size:
            old, gone = self._kept.popitem(last=False)
            self._held -= len(gone) + len(old[0])

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._held = 0
        self._whole.clear()
        self._whole_held = 0
