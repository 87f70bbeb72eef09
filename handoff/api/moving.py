"""Body of a move in an order."""

from pydantic import Field

from handoff.api.endpoints import Shape


class Move(Shape):
    """By how many places: below zero is up."""

    by: int = Field(ge=-1000, le=1000)
