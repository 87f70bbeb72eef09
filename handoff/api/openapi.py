"""The OpenAPI document, made from the table of endpoints."""

from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import json

from handoff.api.endpoints import TABLE, describe


async def show_openapi(request: Request) -> HTTPResponse:
    """OpenAPI 3.1 of /api/v1."""
    del request
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in TABLE:
        operations = paths.setdefault("/api/v1" + endpoint.plain_path, {})
        operations[endpoint.method.lower()] = describe(endpoint)
    return json(
        {
            "openapi": "3.1.0",
            "info": {"title": "Ponte", "version": "1"},
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "paths": paths,
        }
    )
