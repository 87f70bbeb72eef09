"""Bodies of PATCH: the fields of a shape, each of them optional."""

import functools
from typing import Any, TypeVar

from pydantic import BaseModel, create_model
from sanic import Request

from handoff.api.endpoints import Shape
from handoff.problems import check_shape, read_body

Whole = TypeVar("Whole", bound=BaseModel)


@functools.cache
def changes_of(shape: type[BaseModel]) -> type[BaseModel]:
    """The shape in which only what is to change is named."""
    fields: dict[str, Any] = {
        name: (info.rebuild_annotation() | None, None) for name, info in shape.model_fields.items()
    }
    name = shape.__name__.removesuffix("Values") + "Changes"
    made: type[BaseModel] = create_model(name, __base__=Shape, **fields)
    made.__doc__ = "What is named changes; everything else stays."
    return made


def read_changes(request: Request, shape: type[Whole], current: BaseModel) -> Whole:
    """What stands now, with what the body changes.

    Raises:
        Problem: 400 with the first field that is wrong.
    """
    body = read_body(request, changes_of(shape))
    changed = body.model_dump(exclude_unset=True)
    return check_shape(current.model_dump() | changed, shape)
