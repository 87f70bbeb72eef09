"""One table of endpoints: it makes the routes and the OpenAPI document."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict
from sanic import Blueprint

from handoff.security import Handler


class Shape(BaseModel):
    """A JSON object whose unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Endpoint:
    """A call. ``path`` is below /api/v1, with Sanic's typed parameters.

    ``answers``: what each status means. ``takes_files``: the body may be multipart, read as a
    stream.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    body: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, str] = field(default_factory=lambda: {200: "Done."})
    is_public: bool = False
    takes_files: bool = False

    @property
    def name(self) -> str:
        """Unique among the endpoints."""
        return f"{self.method.lower()}_{re.sub(r'[^a-z]+', '_', self.path.lower()).strip('_')}"

    @property
    def plain_path(self) -> str:
        """The path as OpenAPI writes it."""
        return re.sub(r"<(\w+):\w+>", r"{\1}", self.path)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and Sanic types of the path's parameters."""
        return re.findall(r"<(\w+):(\w+)>", self.path)


TABLE: list[Endpoint] = []


def register(blueprint: Blueprint, endpoints: Sequence[Endpoint]) -> None:
    """Adds the routes."""
    for endpoint in endpoints:
        TABLE.append(endpoint)
        blueprint.add_route(
            endpoint.handler,
            "/v1" + endpoint.path,
            methods=[endpoint.method],
            name=endpoint.name,
            stream=endpoint.takes_files,
        )


def describe(endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint as an OpenAPI operation."""
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": {
            str(status): {"description": words} for status, words in _answers(endpoint).items()
        },
    }
    if endpoint.body is not None:
        schema = endpoint.body.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.is_public:
        operation["security"] = []
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    kinds = {"int": "integer", "str": "string"}
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": kinds[kind]}}
        for name, kind in endpoint.parameters
    ]
    query = [
        {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
        for name, words in endpoint.query.items()
    ]
    return [*path, *query]


def _answers(endpoint: Endpoint) -> dict[int, str]:
    common = {400: "A value is wrong; the error names the field."}
    if not endpoint.is_public:
        common |= {401: "No valid login.", 403: "The role does not reach this."}
    if endpoint.parameters:
        common |= {404: "There is none that this user may see."}
    return dict(sorted((common | dict(endpoint.answers)).items()))
