"""What the JSON Schemas of the reconciliation API demand of a service's answers, said again.

The specification's own schemas are used too where a copy stands in CATCHUP_RECONCILIATION_SPECS.
https://reconciliation-api.github.io/specs/
"""

from __future__ import annotations

from typing import Any

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
NAMED: dict[str, Any] = {
    "type": "object", "required": ["id", "name"], "properties": {"id": TEXT, "name": TEXT},
}  # fmt: skip


def listed(item: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a list of such items."""
    return {"type": "array", "items": item}


_CANDIDATE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name", "score", "match", "type"],
    "properties": {
        "id": TEXT, "name": TEXT, "description": {"type": "string"},
        "score": {"type": "number", "minimum": 0, "maximum": 100},
        "match": {"type": "boolean"}, "type": listed(NAMED),
        "features": listed({"type": "object", "required": ["id", "value"],
                            "properties": {"id": TEXT, "value": {"type": ["number", "boolean"]}}}),
    },
}  # fmt: skip
_URL = {"type": "object", "required": ["url"]}
_VALUES = listed({"oneOf": [
    {"type": "object", "required": ["id", "name"], "additionalProperties": False,
     "properties": {"id": TEXT, "name": TEXT, "description": TEXT, "lang": TEXT}},
    {"type": "object", "required": ["str"], "additionalProperties": False,
     "properties": {"str": {"type": "string"}, "lang": TEXT}},
]})  # fmt: skip

SCHEMAS: dict[tuple[str, str], dict[str, Any]] = {
    ("0.2", "manifest"): {
        "type": "object",
        "required": ["versions", "name", "identifierSpace", "schemaSpace"],
        "properties": {
            "versions": {"type": "array", "contains": {"const": "0.2"}},
            "view": {**_URL, "properties": {"url": {"pattern": r"\{\{id\}\}"}}},
            "preview": {**_URL, "required": ["url", "width", "height"],
                        "properties": {"url": {"pattern": r"\{\{id\}\}"}}},
            "defaultTypes": {**listed(NAMED), "uniqueItems": True},
            "suggest": {"additionalProperties": {"type": "object",
                                                 "required": ["service_url", "service_path"]}},
            "extend": {"properties": {"propose_properties": {"type": "object"}, "property_settings":
                listed({"type": "object", "required": ["type", "label", "name"]})}},
        },
    },
    ("1.0-draft", "manifest"): {
        "type": "object",
        "required": ["versions", "name", "view"],
        "properties": {
            "versions": {"type": "array", "contains": {"const": "1.0-draft"}},
            "view": {**_URL, "properties": {"url": {"pattern": r"\{.*id.*\}"}}},
            "preview": {"required": ["width", "height"]},
            "defaultTypes": {**listed(NAMED), "uniqueItems": True},
            "suggest": {"required": ["entity", "property", "type"],
                        "additionalProperties": {"type": "boolean"}},
            "extend": {"properties": {"proposeProperties": {"type": "boolean"}, "propertySettings":
                listed({"type": "object", "required": ["type", "id", "name"]})}},
        },
    },
    ("0.2", "reconciliation-result-batch"): {
        "type": "object",
        "additionalProperties": {"type": "object", "required": ["result"],
                                 "properties": {"result": listed(_CANDIDATE)}},
    },
    ("1.0-draft", "reconciliation-result-batch"): {
        "type": "object", "required": ["results"],
        "properties": {"results": listed({
            "type": "object", "required": ["candidates"],
            "properties": {"candidates": listed(_CANDIDATE)}})},
    },
    ("0.2", "data-extension-response"): {
        "type": "object", "required": ["meta", "rows"],
        "properties": {"meta": listed(NAMED), "rows": {
            "type": "object", "additionalProperties": {"type": "object",
                                                       "additionalProperties": _VALUES}}},
    },
    ("1.0-draft", "data-extension-response"): {
        "type": "object", "required": ["meta", "rows"],
        "properties": {"meta": listed(NAMED), "rows": listed({
            "type": "object", "required": ["id", "properties"], "properties": {"properties": listed(
                {"type": "object", "required": ["id", "values"],
                 "properties": {"values": _VALUES}})}})},
    },
    **{
        (version, f"suggest-{what}-response"): {
            "type": "object", "required": ["result"], "properties": {"result": listed(NAMED)},
        }
        for version in ("0.2", "1.0-draft")
        for what in ("entities", "properties", "types")
    },
    **{
        (version, "data-extension-property-proposal"): {
            "type": "object", "required": ["properties"], "properties": {"properties": listed(NAMED)},
        }
        for version in ("0.2", "1.0-draft")
    },
}  # fmt: skip
