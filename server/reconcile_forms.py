"""What the reconciliation API's clients send, read strictly, and its manifests.

Every refusal names the query and the field that is wrong: an empty result never means a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import process

from catchup.kg import names
from catchup.kg.linking.properties import PROPERTIES, Property
from catchup.kg.linking.reconcile import TYPES
from catchup.server.problems import BadRequest, TooLarge

#: Queries in one batch; OpenRefine sends 10, this many take a second.
BATCH = 100
#: Characters of one name, and candidates of one answer.
NAME, CANDIDATES = 300, 25
#: Ids in one data extension request.
IDS = 500
Labels = Callable[[Sequence[str], str], dict[str, str]]


@dataclass(frozen=True)
class Asked:
    """One query: the name, types and context it is to be matched with."""

    text: str
    types: tuple[str, ...] = ()
    limit: int = 5
    lang: str = "en"
    properties: dict[str, list[str]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    #: which of `types` a candidate must have: any, all, or none of them ("should")
    strict: str = "should"

    def admits(self, types: Sequence[str]) -> bool:
        """Return whether a thing with `types` may be a candidate at all."""
        if not self.types or self.strict == "should":
            return True
        return (any if self.strict == "any" else all)(t in types for t in self.types)


@dataclass(frozen=True)
class Extension:
    """A data extension request: ids as sent, properties each with a limit (0 is none)."""

    ids: tuple[str, ...]
    properties: tuple[tuple[Property, int], ...]


def manifest_02(url: str, labels: Labels, lang: str) -> dict[str, Any]:
    """Return the manifest in the form of version 0.2."""
    root = f"{url}/reconcile"
    suggest = {
        what: {"service_url": root, "service_path": f"/suggest/{what}"}
        for what in ("entity", "type", "property")
    }
    return {
        "versions": ["0.2", "1.0-draft"],
        "name": "Catchup",
        "identifierSpace": names.BASE,
        "schemaSpace": names.CU,
        "documentation": f"{url}/docs",
        "defaultTypes": _types(labels, lang),
        "view": {"url": f"{url}/{{{{id}}}}"},
        "preview": {"url": f"{root}/preview?id={{{{id}}}}", "width": 400, "height": 120},
        "suggest": suggest,
        "extend": {
            "propose_properties": {"service_url": root, "service_path": "/extend/propose"},
            "property_settings": [_setting("label", "help_text")],
        },
        "batchSize": BATCH,
    }


def manifest_10(url: str, labels: Labels, lang: str) -> dict[str, Any]:
    """Return the manifest in the form of version 1.0-draft."""
    return {
        "versions": ["0.2", "1.0-draft"],
        "name": "Catchup",
        "lang": lang,
        "documentation": f"{url}/docs",
        "defaultTypes": _types(labels, lang),
        "view": {"url": f"{url}/{{+id}}"},
        "preview": {"width": 400, "height": 120},
        "suggest": {"entity": True, "type": True, "property": True},
        "extend": {"proposeProperties": True, "propertySettings": [_setting("", "helpText")]},
        "batchSize": BATCH,
        "standardizedScore": True,
    }


def load(text: str | bytes, what: str) -> Any:
    """Return what JSON says. Raises BadRequest with line and column; `what` names the text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f" at line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        place = ""
    raise BadRequest(f"'{what}' is no JSON{place}.", remedy="Mind quotes, commas and encoding.")


def read_batch_02(text: str, lang: str) -> dict[str, Asked]:
    """Return the queries of a batch of version 0.2. Raises BadRequest, TooLarge."""
    batch = load(text, "queries")
    if not isinstance(batch, dict):
        raise BadRequest("'queries' is no object.", remedy='Send {"q0": {"query": "Huawei"}}.')
    _refuse_many(len(batch))
    return {key: _query_02(key[:50], query, lang) for key, query in batch.items()}


def read_batch_10(body: Any, lang: str) -> list[Asked]:
    """Return the queries of a batch of version 1.0-draft. Raises BadRequest, TooLarge."""
    queries = body.get("queries") if isinstance(body, dict) else None
    if not isinstance(queries, list):
        raise BadRequest(
            "The body has no list 'queries'.",
            remedy='Send {"queries": [{"conditions": [{"matchType": "name",'
            ' "propertyValue": "Huawei"}]}]}.',
        )
    _refuse_many(len(queries))
    return [_query_10(f"queries[{i}]", query, lang) for i, query in enumerate(queries)]


def read_extension(body: Any) -> Extension:
    """Return a data extension request. Raises BadRequest, TooLarge."""
    ids = body.get("ids") if isinstance(body, dict) else None
    wanted = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(ids, list) or not all(isinstance(i, str) for i in ids):
        raise BadRequest("'ids' is no list of texts.", remedy='Send {"ids": ["id/huawei"], ...}.')
    if not isinstance(wanted, list):
        raise BadRequest("'properties' is no list.", remedy='Send [{"id": "country"}].')
    if len(ids) > IDS:
        raise TooLarge(f"There are {len(ids):,} ids; up to {IDS} are read.", remedy="Send fewer.")
    found = []
    for i, one in enumerate(wanted):
        place = f"properties[{i}]"
        if not isinstance(one, dict) or not isinstance(one.get("id"), str):
            raise BadRequest(f"{place} has no id.", remedy='Write {"id": "country"}.')
        settings = one.get("settings") or {}
        limit = settings.get("limit", 0) if isinstance(settings, dict) else 0
        if not str(limit).isascii() or not str(limit).isdigit():
            raise BadRequest(f"The limit of {place} is no number.", remedy="Write 5, or 0.")
        found.append((_property(one["id"], place), int(limit)))
    return Extension(tuple(dict.fromkeys(ids)), tuple(found))


def thing(id: str, known: Container[str]) -> str:
    """Return the IRI that a client means by `id`, "" when it is none of `known`."""
    for iri in (names.BASE + id, id, names.D + id, names.CUV + id):
        if iri in known:
            return iri
    return ""


def type_of(id: str, place: str = "type") -> str:
    """Return a type's local name, from that, a prefixed name or an IRI. Raises BadRequest."""
    local = id.removeprefix(names.CU).removeprefix("cu:")
    if local in TYPES:
        return local
    near = process.extractOne(local, TYPES, score_cutoff=60)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(TYPES)}."
    raise BadRequest(f"{place}: there is no type '{id[:60]}'.", remedy=hint)


def _types(labels: Labels, lang: str) -> list[dict[str, Any]]:
    own = labels([names.CU + t for t in TYPES], lang)
    return [{"id": t, "name": own.get(names.CU + t, t)} for t in TYPES]


def _setting(label: str, help_: str) -> dict[str, Any]:
    text = "Most values of a property; 0 gives all"
    if label:
        return {"name": "limit", "label": "Limit", "type": "number", "default": 0, help_: text}
    return {"id": "limit", "name": "Limit", "type": "number", "default": 0, help_: text}


def _refuse_many(count: int) -> None:
    if count > BATCH:
        raise TooLarge(
            f"There are {count:,} queries in the batch; up to {BATCH} are read.",
            remedy="Send several batches.",
        )


def _query_02(key: str, query: Any, lang: str) -> Asked:
    if not isinstance(query, dict):
        raise BadRequest(f"{key} is no object.", remedy='Write {"query": "Huawei"}.')
    unknown = sorted(query.keys() - {"query", "type", "limit", "properties", "type_strict"})
    if unknown:
        raise BadRequest(
            f"{key}: there is no field '{unknown[0][:50]}' in version 0.2.",
            remedy="The fields are query, type, limit, properties, type_strict.",
        )
    strict = query.get("type_strict", "should")
    if strict not in ("any", "all", "should"):
        raise BadRequest(f"{key}: type_strict is any, all or should.")
    text = _name(query.get("query", ""), f"{key}.query", bool(query.get("properties")))
    kinds = query.get("type") or []
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or not all(isinstance(k, str) for k in kinds):
        raise BadRequest(f"{key}.type is neither a text nor a list of texts.")
    given: dict[str, list[str]] = {}
    for i, one in enumerate(_listed(query.get("properties", []), f"{key}.properties")):
        place = f"{key}.properties[{i}]"
        if not isinstance(one, dict) or not isinstance(one.get("pid"), str) or "v" not in one:
            raise BadRequest(f"{place} needs pid and v.", remedy='{"pid": "country", "v": "CN"}')
        values = _values(one["v"], place)
        given.setdefault(_property(one["pid"], place).id, []).extend(values)
    types = tuple(type_of(k, f"{key}.type") for k in kinds)
    name, limit = _or_name(text, given, key), _limit(query, key)
    return Asked(name, types, limit, lang, given, strict=strict)


def _query_10(place: str, query: Any, lang: str) -> Asked:
    conditions = query.get("conditions") if isinstance(query, dict) else None
    if not isinstance(conditions, list) or not conditions:
        raise BadRequest(f"{place} has no conditions.", remedy="Give at least one.")
    unknown = sorted(query.keys() - {"type", "limit", "conditions", "lang", "dir"})
    if unknown:
        raise BadRequest(f"{place}: there is no field '{unknown[0][:50]}' in version 1.0-draft.")
    kind = query.get("type", "")
    if not isinstance(kind, str):
        raise BadRequest(f"{place}.type is no text.", remedy="Give one type.")
    text, given, required = "", dict[str, list[str]](), list[str]()
    for i, one in enumerate(conditions):
        at = f"{place}.conditions[{i}]"
        match = one.get("matchType") if isinstance(one, dict) else None
        if match not in ("name", "id", "property") or "propertyValue" not in one:
            raise BadRequest(
                f"{at} needs propertyValue and matchType.", remedy="Use name, id or property."
            )
        if one.get("matchQuantifier", "any") not in ("any", "all", "none"):
            raise BadRequest(f"{at}: matchQuantifier is any, all or none.")
        if one.get("matchQuantifier") == "none" or one.get("matchQualifier"):
            raise BadRequest(f"{at}: this service has no such way to compare.")
        values = _values(one["propertyValue"], at)
        if match == "property":
            if not isinstance(one.get("propertyId"), str):
                raise BadRequest(f"{at} has no propertyId.", remedy="Ask /reconcile/suggest.")
            id = _property(one["propertyId"], at).id
            given.setdefault(id, []).extend(values)
            if one.get("required"):
                required.append(id)
        else:
            text = _name(values[0] if values else "", at, False)
    asked = str(query.get("lang") or lang).split("-")[0].lower()
    return Asked(
        _or_name(text, given, place),
        (type_of(kind, f"{place}.type"),) if kind else (),
        _limit(query, place),
        asked if asked in ("en", "zh") else lang,
        given,
        tuple(required),
    )


def _or_name(text: str, given: dict[str, list[str]], place: str) -> str:
    """Return the name, or an identifier given as a property: what else could be looked up?"""
    if text:
        return text
    for id in ("wikidata", "ror", "isni", "identifier", "sameAs", "name", "altName"):
        if given.get(id):
            return given[id][0]
    raise BadRequest(
        f"{place} has no name.",
        remedy="Give one, or an identifier: wikidata, ror, isni, identifier.",
    )


def _name(text: Any, place: str, may_lack: bool) -> str:
    if not isinstance(text, str) or (not text.strip() and not may_lack):
        raise BadRequest(f"{place} is no name.", remedy="Give a text that is not blank.")
    if len(text) > NAME:
        raise BadRequest(
            f"{place} has {len(text):,} characters; a name has up to {NAME}.",
            remedy="Send the name alone.",
        )
    return text.strip()


def _listed(given: Any, place: str) -> list[Any]:
    if not isinstance(given, list):
        raise BadRequest(f"{place} is no list.")
    return given


def _values(given: Any, place: str) -> list[str]:
    found = []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, dict) and isinstance(one.get("id"), str):
            found.append(one["id"])
        elif isinstance(one, str | int | float):
            found.append(str(one))
        else:
            raise BadRequest(f"{place}: a value is a text, a number or has an id.")
    if any(len(v) > NAME for v in found):
        raise BadRequest(f"{place}: a value has up to {NAME} characters.")
    return found


def _property(id: str, place: str) -> Property:
    found = PROPERTIES.get(id)
    if found is None:
        near = process.extractOne(id, list(PROPERTIES), score_cutoff=60)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(PROPERTIES)}."
        raise BadRequest(f"{place}: there is no property '{id[:60]}'.", remedy=hint)
    return found


def _limit(query: dict[str, Any], place: str) -> int:
    limit = query.get("limit", 5)
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 1:
        raise BadRequest(f"{place}.limit is no number from 1.", remedy="Write 5.")
    return min(int(limit), CANDIDATES)
