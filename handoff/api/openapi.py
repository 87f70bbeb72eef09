"""The OpenAPI document, made from the table of endpoints."""

import functools
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from sanic import HTTPResponse, Request
from sanic.response import json

from handoff.api.endpoints import TABLE, Endpoint
from handoff.api.webhook_shapes import WebhookEvent

_REF = "#/components/schemas/{model}"
_MOST = 2**31 - 1
_WHOLE = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
_ID = {"type": "integer", "minimum": 1, "maximum": _MOST}
_TEXT = {"type": "string"}
_DATE = {"type": "string", "format": "date"}
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
# One name means one thing throughout; what is not listed is a text.
QUERY_SCHEMAS: dict[str, dict[str, Any]] = {
    "after": _WHOLE,
    "limit": _WHOLE,
    "company": _WHOLE,
    "contact": _WHOLE,
    "channel": _WHOLE,
    "request_type": _WHOLE,
    "since": _DATE,
    "until": _DATE,
}
PATH_SCHEMAS = {"int": _ID, "str": {"type": "string", "minLength": 1}, "strorempty": _TEXT}

Models = dict[Any, dict[str, Any]]


class ErrorWords(BaseModel):
    """``code`` is for programs, ``message`` for people, ``field`` names the value at fault."""

    code: str
    message: str
    field: str = ""


class ErrorAnswer(BaseModel):
    """Every answer from 400 on."""

    error: ErrorWords


async def show_openapi(request: Request) -> HTTPResponse:
    """OpenAPI 3.1 of /api/v1."""
    del request
    return json(document())


@functools.cache
def document() -> dict[str, Any]:
    """The whole document; the table is complete when the first request comes."""
    schemas, definitions = models_json_schema(list(_models()), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in TABLE:
        operations = paths.setdefault("/api/v1" + endpoint.plain_path, {})
        operations[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ponte", "version": "1"},
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": definitions.get("$defs", {}),
        },
        "paths": paths,
        "webhooks": {"event": {"post": _webhook(schemas[WebhookEvent, "serialization"])}},
    }


def _models() -> Iterator[tuple[type[BaseModel], Literal["validation", "serialization"]]]:
    yield ErrorAnswer, "serialization"
    yield WebhookEvent, "serialization"
    for endpoint in TABLE:
        if endpoint.body is not None:
            yield endpoint.body, "validation"
        if endpoint.returns is not None:
            yield endpoint.returns, "serialization"


def _webhook(schema: dict[str, Any]) -> dict[str, Any]:
    """What endpoints of other software get."""
    return {
        "operationId": "webhook_event",
        "summary": "Something happened.",
        "security": [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Taken. Anything else is tried again."}},
    }


def _operation(endpoint: Endpoint, schemas: Models) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": {
            str(status): _response(endpoint, schemas, status, words)
            for status, words in _answers(endpoint).items()
        },
    }
    if endpoint.body is not None:
        operation["requestBody"] = _request_body(endpoint, schemas[endpoint.body, "validation"])
    if endpoint.is_public:
        operation["security"] = []
    return operation


def _request_body(endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    if endpoint.takes_files:
        with_files = {"properties": {"file": {"type": "array", "items": _FILE}}}
        content["multipart/form-data"] = {"schema": {"type": "object"} | with_files}
    fields = endpoint.body.model_fields.values() if endpoint.body else ()
    return {"required": any(field.is_required() for field in fields), "content": content}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS[kind]}
        for name, kind in endpoint.parameters
    ]
    query = [
        {
            "name": name,
            "in": "query",
            "description": words,
            "schema": QUERY_SCHEMAS.get(name, _TEXT),
        }
        for name, words in endpoint.query.items()
    ]
    return [*path, *query]


def _answers(endpoint: Endpoint) -> dict[int, str]:
    common = {400: "A value is wrong; the error names the field."}
    if not endpoint.is_public:
        common |= {401: "No valid login.", 403: "The role does not reach this."}
    if endpoint.parameters:
        common |= {404: "There is none that this user may see."}
    if endpoint.body is not None:
        common |= {413: "The body is too large."}
    return dict(sorted((common | dict(endpoint.answers)).items()))


def _response(endpoint: Endpoint, schemas: Models, status: int, words: str) -> dict[str, Any]:
    if status >= 400:
        schema = schemas[ErrorAnswer, "serialization"]
        return {"description": words, "content": {"application/json": {"schema": schema}}}
    if status == 204:
        return {"description": words}
    if endpoint.media_type != "application/json":
        return {"description": words, "content": {endpoint.media_type: {}}}
    if endpoint.returns is None:
        return {"description": words, "content": {"application/json": {"schema": {}}}}
    schema = schemas[endpoint.returns, "serialization"]
    return {"description": words, "content": {"application/json": {"schema": schema}}}
