"""The graph: files in, a checked, reasoned and indexed snapshot out, and limited engines over it.

`open_graph` is the way in from Python; docs/python.md has examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catchup.kg.api import Graph, open_graph

__all__ = ["Graph", "open_graph"]


def __getattr__(name: str) -> Any:
    # loaded when asked for: `catchup check` must answer in 1.5 s and needs none of it
    if name in __all__:
        from catchup.kg import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
