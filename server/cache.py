"""Answers kept for reuse, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict

from catchup.kg.engine.model import Answer

# What an entry costs beside its body: key, answer, dictionary slots.
_OVERHEAD = 1024


class Cache:
    """The most recently used answers. A key holds all that decides the bytes, snapshot included."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[str, Answer] = OrderedDict()
        self.held = 0
        self.hits = 0
        self.misses = 0

    def get(self, key: str) -> Answer | None:
        """Return the answer kept under `key`."""
        answer = self._entries.get(key)
        if answer is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return answer

    def __contains__(self, key: str) -> bool:
        """Return whether an answer is kept under `key`."""
        return key in self._entries

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer; the longest unused make room. An eighth of the room is the most for one."""
        cost = len(answer.body) + _OVERHEAD
        if cost > self._size // 8 or key in self._entries:
            return
        self._entries[key] = answer
        self.held += cost
        while self.held > self._size:
            _, old = self._entries.popitem(last=False)
            self.held -= len(old.body) + _OVERHEAD

    def clear(self) -> None:
        """Forget everything: a new snapshot is served."""
        self._entries.clear()
        self.held = 0
