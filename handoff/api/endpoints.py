"""One table of endpoints: it makes the routes, and `openapi.py` the document."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict
from sanic import Blueprint

from handoff.security import Handler


class Shape(BaseModel):
    """A JSON object whose unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Endpoint:
    """A call. ``path`` is below /api/v1, with Sanic's typed parameters.

    ``answers``: what each status means; the first that is no error has the JSON of ``returns``.
    ``takes_files``: the body may be multipart, read as a stream. ``media_type`` is another one
    for answers that are no JSON.
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
    returns: type[BaseModel] | None = None
    media_type: str = "application/json"

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
