"""The limits of one job with a case, and its answer as the process that asked gets it.

Apart from kg.cases.job, so that the web process need not load what checks cases (0.4 s, 40 MB).
"""

from __future__ import annotations

from typing import Any

from catchup.kg.cases.formats import TooLarge, UnknownFormat
from catchup.kg.errors import InputError, SyntaxProblem, Where

#: Bytes that reading one case may take beyond the warm process. The largest case that is read
#: (2 MB of YAML) takes 190 MB.
MEMORY = 512 * 1024 * 1024
#: Seconds of processor and of the clock. A case of 60 statements takes 0.07 s.
PROCESSOR = 10
CLOCK = 15
#: How often these, on the command line, where one waits for oneself: the longest source as one
#: case (21,000 statements) takes 13 s.
PATIENCE = 20


class CaseTooHard(InputError):
    """Reading or checking a case went over the limits."""

    title = "The case cannot be read within the limits"
    kind = "case-limits"
    status = 422


def too_hard() -> CaseTooHard:
    """Return the error for a child that went over its limits."""
    return CaseTooHard(
        f"Reading the case takes more than {MEMORY // 2**20} MB or {PROCESSOR} seconds.",
        remedy="It is nested too deeply or far too large: split it, or write it plainly.",
    )


def opened(answer: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the answer of a job, or raise the error that it carries."""
    packed = answer.get("error")
    if packed is None:
        return answer, body
    kinds = {cls.kind: cls for cls in (SyntaxProblem, UnknownFormat, TooLarge, CaseTooHard)}
    cls = kinds.get(packed["kind"], InputError)
    raise cls(packed["detail"], where=Where(**packed["where"]), remedy=packed["remedy"])
