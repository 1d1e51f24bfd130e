"""A long list cut into leaves, of which a page shows one: ?page=2 and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from catchup.server.pages.visit import Visit
from catchup.server.problems import NotThere

T = TypeVar("T")
#: The parameter of an address that names a leaf; downloads are of the whole and leave it out.
PAGE = "page"


@dataclass(frozen=True)
class Leaf(Generic[T]):
    """What one page shows of a list, with the addresses before and after ("" where there is none).

    `here` is its own address without what else was asked for.
    """

    shown: T
    number: int
    all: int
    before: str
    after: str
    here: str


def leaf(visit: Visit, leaves: Sequence[T]) -> Leaf[T]:
    """Return the leaf that a visit asks for, the first where it names none. Raises NotThere."""
    asked = visit.get(PAGE, "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    if not 1 <= number <= len(leaves):
        raise NotThere(
            f"There is no page {asked[:20]!r} of {visit.path}.",
            remedy=f"Its pages are 1 to {len(leaves)}.",
        )

    def address(n: int) -> str:
        return visit.here(page=str(n) if n > 1 else "") if 1 <= n <= len(leaves) else ""

    return Leaf(
        leaves[number - 1],
        number,
        len(leaves),
        address(number - 1),
        address(number + 1),
        visit.path + (f"?{PAGE}={number}" if number > 1 else ""),
    )
