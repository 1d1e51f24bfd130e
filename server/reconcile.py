"""/reconcile: the reconciliation service API, versions 0.2 and 1.0-draft side by side.

`/reconcile` is the root for both: its manifest is in the form of 0.2, which OpenRefine reads; the
manifest in the form of 1.0-draft is at `/reconcile/1.0-draft`, below which its routes are as well.
https://reconciliation-api.github.io/specs/
"""

from __future__ import annotations

import asyncio
import json
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from catchup.kg import names
from catchup.kg.linking.properties import PROPERTIES, Property, Value
from catchup.kg.linking.reconcile import Candidate
from catchup.server.limits import client_of
from catchup.server.problems import BadRequest, NotThere, TooLarge
from catchup.server.reconcile_forms import (
    BATCH,
    Extension,
    load,
    manifest_02,
    manifest_10,
    read_batch_02,
    read_batch_10,
    read_extension,
    thing,
    type_of,
)
from catchup.server.reconciler import Reconciler
from catchup.server.services import Services

_PREVIEW_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors *"
)


def router(services: Services) -> APIRouter:
    """Return the routes below /reconcile."""
    routes = APIRouter(tags=["reconciliation"])
    service = Reconciler(services)
    url = services.config.url

    def client(request: Request) -> str:
        return client_of(dict(request.scope), services.config.proxies)

    @routes.get("/reconcile", summary="Reconciliation: manifest, or queries (0.2)")
    @routes.post("/reconcile", summary="Reconciliation: queries, data extension (0.2)")
    async def root(request: Request) -> Response:
        given = dict(request.query_params)
        if request.method == "POST":
            given |= await _form(request, services.config.client.body)
        lang = _lang(request)
        if "queries" in given:
            batch = read_batch_02(given["queries"], lang)
            found = await service.match(list(batch.values()), client(request))
            return _json(
                {
                    key: {"result": [_candidate(c) for c in some]}
                    for key, some in zip(batch, found, strict=True)
                },
                lang,
            )
        if "extend" in given:
            return await extended(request, read_extension(load(given["extend"], "extend")), 0.2)
        if request.method == "POST" or given.keys() - {"lang"}:
            raise BadRequest(
                "There is neither 'queries' nor 'extend' in the request.",
                remedy='Send queries={"q0": {"query": "Huawei"}}, or GET without parameters.',
            )
        return _json(manifest_02(url, (await service.matcher()).labels, lang), lang)

    @routes.get("/reconcile/1.0-draft", summary="Reconciliation: manifest (1.0-draft)")
    async def draft(request: Request) -> Response:
        lang = _lang(request)
        return _json(manifest_10(url, (await service.matcher()).labels, lang), lang)

    async def match(request: Request) -> Response:
        body = load(await _body(request, services.config.client.body), "body")
        batch = read_batch_10(body, _lang(request))
        found = await service.match(batch, client(request))
        results = [{"candidates": [_candidate(c, named=True) for c in some]} for some in found]
        return _json({"results": results}, _lang(request))

    async def extend(request: Request) -> Response:
        body = load(await _body(request, services.config.client.body), "body")
        return await extended(request, read_extension(body), 1.0)

    async def extended(request: Request, asked: Extension, version: float) -> Response:
        lang = _lang(request)
        matcher = await service.matcher()
        iris = {id: thing(id, matcher.types) for id in asked.ids}
        known = [i for i in iris.values() if i]
        values = await service.values(known, [p for p, _ in asked.properties], client(request))
        rows = {
            id: {
                p.id: [
                    _value(p, v, lang, version)
                    for v in values.get((iri, p.id), [])[: limit or None]
                ]
                for p, limit in asked.properties
            }
            for id, iri in iris.items()
        }
        meta = [_meta(p) for p, _ in asked.properties]
        if version < 1:
            return _json({"meta": meta, "rows": rows}, lang)
        listed = [
            {"id": id, "properties": [{"id": p, "values": v} for p, v in row.items()]}
            for id, row in rows.items()
        ]
        return _json({"meta": meta, "rows": listed}, lang)

    async def propose(request: Request) -> Response:
        kind = request.query_params.get("type", "")
        wanted = type_of(kind) if kind else ""
        limit, _ = _window(request, len(PROPERTIES))
        found = [
            {"id": p.id, "name": p.name, "description": p.description}
            for p in PROPERTIES.values()
            if not p.types or not wanted or wanted in p.types
        ][:limit]
        answer: dict[str, Any] = {"properties": found, "limit": limit}
        return _json(answer | ({"type": wanted} if wanted else {}), _lang(request))

    async def suggest(request: Request, what: str) -> Response:
        if "prefix" not in request.query_params:
            raise BadRequest("The parameter 'prefix' is missing.", remedy="Add ?prefix=hua")
        prefix = request.query_params["prefix"][:200]
        lang = _lang(request)
        limit, offset = _window(request, 10)
        matcher = await service.matcher()
        if what == "entity":
            iris = await asyncio.to_thread(matcher.suggest, prefix, limit, offset, lang)
            labels = matcher.labels(iris, lang)
            found: list[dict[str, Any]] = [
                {
                    "id": i.removeprefix(names.BASE),
                    "name": labels.get(i, i),
                    "description": ", ".join(matcher.types[i]),
                    "notable": [{"id": t, "name": t} for t in matcher.types[i]],
                }
                for i in iris
            ]
            return _json({"result": found}, lang)
        if what == "type":
            every = manifest_10(url, matcher.labels, lang)["defaultTypes"]
        else:
            every = [
                {"id": p.id, "name": p.name, "description": p.description}
                for p in PROPERTIES.values()
            ]
        begun = prefix.casefold()
        hits = [o for o in every if begun in o["name"].casefold() or begun in o["id"].casefold()]
        hits.sort(key=lambda o: not o["name"].casefold().startswith(begun))
        return _json({"result": hits[offset : offset + limit]}, lang)

    async def preview(request: Request) -> Response:
        id = request.query_params.get("id", "")
        if not id:
            raise BadRequest("The parameter 'id' is missing.", remedy="Add ?id=id/huawei")
        matcher = await service.matcher()
        iri = thing(id, matcher.types)
        if not iri:
            raise NotThere(f"There is no entity '{id[:100]}'.", remedy="Ask /reconcile/suggest.")
        lang = _lang(request)
        shown = [PROPERTIES[p] for p in ("definition", "altName", "country", "industry", "unitOf")]
        values = await service.values([iri], shown, client(request))
        label = matcher.labels([iri], lang).get(iri, iri)
        lines = [
            f"<p>{escape(p.name)}: {escape('; '.join(v.label(lang) for v in some[:4])[:200])}</p>"
            for p in shown
            if (some := values.get((iri, p.id), []))
        ]
        page = (
            f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{escape(label)}</title>'
            "<style>body{font:13px sans-serif;margin:6px}p{margin:2px 0}</style>"
            f'<p><a href="{escape(_page(url, iri))}" target="_blank" rel="noopener">'
            f"<b>{escape(label)}</b></a> ({escape(', '.join(matcher.types[iri]))})</p>"
            f"{''.join(lines)}</html>"
        )
        headers = {"Content-Security-Policy": _PREVIEW_CSP, "Vary": "Accept-Language"}
        return Response(page, 200, headers, media_type="text/html")

    async def suggest_entity(request: Request) -> Response:
        return await suggest(request, "entity")

    async def suggest_type(request: Request) -> Response:
        return await suggest(request, "type")

    async def suggest_property(request: Request) -> Response:
        return await suggest(request, "property")

    served = (
        ("match", match, "POST", "candidates for a batch of names"),
        ("suggest/entity", suggest_entity, "GET", "entities by the beginning of a name"),
        ("suggest/type", suggest_type, "GET", "types by name"),
        ("suggest/property", suggest_property, "GET", "properties by name"),
        ("preview", preview, "GET", "a small page about an entity"),
        ("extend", extend, "POST", "values of properties"),
        ("extend/propose", propose, "GET", "properties of a type"),
    )
    for base in ("/reconcile", "/reconcile/1.0-draft"):
        for path, handler, method, about in served:
            name = f"{base}/{path}".strip("/").replace("/", "_")
            routes.add_api_route(
                f"{base}/{path}",
                handler,
                methods=[method],
                summary=f"Reconciliation: {about}",
                operation_id=name,
                response_model=None,
            )
    return routes


def _candidate(one: Candidate, named: bool = False) -> dict[str, Any]:
    features: list[dict[str, Any]] = [{"id": i, "value": v} for i, v in one.features.items()]
    if named:
        features = [{**f, "name": f"likeness of the {f['id']}"} for f in features]
    return {
        "id": one.iri.removeprefix(names.BASE),
        "name": one.name,
        "description": ", ".join(one.types),
        "type": [{"id": t, "name": t} for t in one.types],
        "score": one.score,
        "match": one.match,
        "features": features,
    }


def _value(property_: Property, value: Value, lang: str, version: float) -> dict[str, Any]:
    term = value.term
    if property_.service:
        return {"id": term["value"], "name": term["value"]}
    if term["type"] == "uri" and term["value"].startswith(names.BASE):
        id = term["value"].removeprefix(names.BASE)
        return {"id": id, "name": value.label(lang)}
    if version >= 1 and "xml:lang" in term:
        return {"str": term["value"], "lang": term["xml:lang"]}
    return {"str": term["value"]}


def _meta(property_: Property) -> dict[str, Any]:
    meta: dict[str, Any] = {"id": property_.id, "name": property_.name}
    return meta | ({"service": property_.service} if property_.service else {})


def _page(url: str, iri: str) -> str:
    return f"{url}/{iri.removeprefix(names.BASE)}"


def _lang(request: Request) -> str:
    """Return the wanted language: `lang` in the query, else the best of Accept-Language."""
    header = request.query_params.get("lang") or request.headers.get("accept-language", "")
    best, weight = "en", 0.0
    for item in header.split(",")[:20]:
        tag, _, rest = item.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        primary = tag.strip().split("-")[0].lower()
        if primary in ("en", "zh") and quality > weight:
            best, weight = primary, quality
    return best


def _window(request: Request, usual: int) -> tuple[int, int]:
    given = request.query_params
    texts = (given.get("limit", str(usual)), given.get("offset") or given.get("cursor") or "0")
    for name, text in zip(("limit", "offset"), texts, strict=True):
        if not text.isascii() or not text.isdigit() or len(text) > 6:
            raise BadRequest(f"'{text[:50]}' is no {name}.", remedy="Give a whole number.")
    return min(int(texts[0]), 100), int(texts[1])


async def _body(request: Request, limit: int) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise TooLarge(
                f"The body is longer than the {limit:,} bytes that are read here.",
                remedy=f"Send at most {BATCH} names at once.",
            )
    return body


async def _form(request: Request, limit: int) -> dict[str, str]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest(
            f"The body is {kind or 'of no type'}; version 0.2 sends a form.",
            remedy="Send application/x-www-form-urlencoded, or JSON to /reconcile/match.",
        )
    body = await _body(request, limit)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("The form is not valid UTF-8.", remedy="Encode it as UTF-8.") from None
    return dict(pairs)


def _json(data: Any, lang: str) -> Response:
    body = json.dumps(data, ensure_ascii=False).encode()
    headers = {"Content-Language": lang, "Vary": "Accept-Language"}
    return Response(body, 200, headers, media_type="application/json")
