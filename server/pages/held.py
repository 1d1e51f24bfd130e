"""What pages work out once for a snapshot and use again, until the next snapshot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")
#: Things kept: a large case takes some 300 kB, an outline of a source 1 MB.
_MOST = 150


class Held:
    """The things of one snapshot, the longest unused dropped first."""

    def __init__(self) -> None:
        self._snapshot = ""
        self._things: OrderedDict[object, object] = OrderedDict()

    async def get(self, snapshot: str, key: object, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` makes for `key`, made once for a snapshot."""
        if snapshot != self._snapshot:
            self._things.clear()
            self._snapshot = snapshot
        if key in self._things:
            self._things.move_to_end(key)
            return cast(T, self._things[key])
        made = await make()
        if snapshot and snapshot == self._snapshot:
            self._things[key] = made
            if len(self._things) > _MOST:
                self._things.popitem(last=False)
        return made
