"""Strangers' queries, run in killable processes that have limits and no descriptors."""

from catchup.kg.engine.errors import (
    EngineError,
    MemoryLimit,
    NotAcceptable,
    Overloaded,
    QuerySyntaxError,
    TimeLimit,
    TooComplex,
    UpdateRefused,
)
from catchup.kg.engine.limits import Limits
from catchup.kg.engine.model import Answer, Request, iri_term, literal_term
from catchup.kg.engine.store import open_store
from catchup.kg.engine.sync import Engine

__all__ = [
    "Answer",
    "Engine",
    "EngineError",
    "Limits",
    "MemoryLimit",
    "NotAcceptable",
    "Overloaded",
    "QuerySyntaxError",
    "Request",
    "TimeLimit",
    "TooComplex",
    "UpdateRefused",
    "iri_term",
    "literal_term",
    "open_store",
]
