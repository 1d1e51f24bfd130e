"""SPARQL 1.1 Protocol, query operation: from an HTTP request to the query it carries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from catchup.kg.engine.errors import UpdateRefused
from catchup.server.problems import BadRequest, UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
BYTE_ORDER_MARK = "\ufeff"
ALLOW = "GET, HEAD, POST, QUERY, OPTIONS"
# A dataset of more graphs than we have is no honest request.
_MAX_FIELDS = 500


@dataclass(frozen=True)
class Operation:
    """A query operation; `query` is None when the request carries none."""

    query: str | None
    #: the parameters of the URL and the form
    parameters: tuple[tuple[str, str], ...] = ()
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None


def read_operation(method: str, query_string: bytes, type_: str, body: bytes) -> Operation:
    """Return the operation in a request (SPARQL 1.1 Protocol, 2.1).

    Raises BadRequest (repeated or missing parameters, bad encoding), UnsupportedMediaType, and
    UpdateRefused for the update operation.
    """
    in_url = fields(query_string, "query string")
    if method in ("GET", "HEAD"):
        return _operation(in_url)
    media_type, charset = content_type(type_)
    if media_type == UPDATE:
        raise _read_only()
    if media_type == FORM or (not media_type and not body):
        operation = _operation(in_url + fields(body, "form"))
        if operation.query is None:
            raise BadRequest(
                "The form has no parameter 'query'.", remedy="Send query=... in the body."
            )
        return operation
    if media_type == QUERY:
        if any(name == "query" for name, _ in in_url):
            raise BadRequest(
                "The query is both in the URL and in the body.", remedy="Send it once."
            )
        if charset not in ("", "utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(
                f"The query is sent as {charset[:40]}.", remedy="Send it as UTF-8."
            )
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"The query is not UTF-8: byte {error.start}.") from None
        graphs = _operation(in_url)
        return replace(graphs, query=_marked(text))
    sent = f"A body of type {media_type[:80]}" if media_type else "A body without a type"
    raise UnsupportedMediaType(f"{sent} is not read here.", remedy=f"Send {QUERY} or {FORM}.")


def content_type(value: str) -> tuple[str, str]:
    """Return media type and charset of a Content-Type header, in lower case."""
    media_type, *parameters = (part.strip().lower() for part in value.split(";"))
    charset = ""
    for parameter in parameters:
        name, _, setting = parameter.partition("=")
        if name.strip() == "charset":
            charset = setting.strip().strip('"')
    return media_type, charset


def fields(encoded: bytes, where: str) -> list[tuple[str, str]]:
    """Return the fields of a form or query string. Raises BadRequest when they cannot be read."""
    try:
        return parse_qsl(
            encoded.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise BadRequest(f"The {where} is not UTF-8.", remedy="Encode it as UTF-8.") from None
    except ValueError:
        raise BadRequest(f"The {where} has more than {_MAX_FIELDS} fields.") from None


def _operation(parameters: list[tuple[str, str]]) -> Operation:
    # Other parameters are left alone: clients send timeout, results and more of their own.
    def every(name: str) -> tuple[str, ...]:
        return tuple(value for key, value in parameters if key == name)

    if every("update"):
        raise _read_only()
    queries = every("query")
    if len(queries) > 1:
        raise BadRequest(
            f"The parameter 'query' was sent {len(queries)} times.", remedy="Send it once."
        )
    default, named = every("default-graph-uri"), every("named-graph-uri")
    query = _marked(queries[0]) if queries else None
    if not default and not named:
        return Operation(query, tuple(parameters))
    return Operation(query, tuple(parameters), default, named)


def _marked(query: str) -> str:
    """Return a query without the byte order mark that some editors begin a file with."""
    return query.removeprefix(BYTE_ORDER_MARK)


def _read_only() -> UpdateRefused:
    return UpdateRefused(
        "Updates are not taken here; this endpoint only answers queries.",
        remedy="New cases enter as case entries, see /cases/new.",
    )
