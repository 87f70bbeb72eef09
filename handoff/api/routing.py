"""Routing: the examples that choose a queue, and trying a text."""

from typing import Any

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import empty, json

from desk.conversations.routing.choose import choose_queue
from desk.conversations.routing.examples import (
    ExampleValues,
    ShownExample,
    add_example,
    list_examples,
    remove_example,
)
from desk.events.log import by_agent
from desk.shapes import Line
from desk.team.tables import Queue
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


class ExampleJson(Shape):
    """An example, of a queue or a type. ``from_chat``: a customer's words, by reference.

    ``chosen``: a person made it an example; otherwise it was learned from a transfer.
    """

    id: int
    queue_id: int | None
    request_type_id: int | None
    text: str
    from_chat: bool
    chosen: bool


class ExampleList(Shape):
    """Examples, oldest first."""

    examples: list[ExampleJson]


class Trial(Shape):
    """A text as a customer may write it."""

    text: Line = Field(min_length=1, max_length=1000)


class TrialJson(Shape):
    """Where it would go: the queue's slug, why, and how sure (null where nothing was learned)."""

    queue: str | None
    how: str
    example_id: int | None
    confidence: float | None


def example_json(example: ShownExample) -> dict[str, Any]:
    """An example as programs read it."""
    return {
        "id": example.id,
        "queue_id": example.queue_id,
        "request_type_id": example.request_type_id,
        "text": example.text,
        "from_chat": example.from_chat,
        "chosen": example.chosen,
    }


@api_user("supervisor", "admin")
async def show_examples(request: Request) -> HTTPResponse:
    """All examples."""
    async with services_of(request).database.reading() as session:
        examples = await list_examples(session)
    return json({"examples": [example_json(each) for each in examples]})


@api_user("supervisor", "admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds an example."""
    values, actor = read_body(request, ExampleValues), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        made = (await add_example(session, values, actor)).example
        shown = ShownExample(
            made.id, made.queue_id, made.request_type_id, made.text, from_chat=False, chosen=True
        )
    return json(example_json(shown), status=201)


@api_user("supervisor", "admin")
async def remove_one(request: Request, example_id: int) -> HTTPResponse:
    """Forgets an example."""
    async with services_of(request).database.transaction() as session:
        await remove_example(session, example_id, by_agent(current_user(request).id))
    return empty()


@api_user("supervisor", "admin")
async def try_one(request: Request) -> HTTPResponse:
    """Says where a text would go; nothing is kept."""
    text = read_body(request, Trial).text
    (guess,) = await services_of(request).router.guess_each([text]) or [None]
    async with services_of(request).database.reading() as session:
        choice = await choose_queue(session, None, guess)
        queue = await session.get(Queue, choice.queue_id or 0)
    return json(
        {
            "queue": queue.slug if queue else None,
            "how": choice.routing["how"],
            "example_id": choice.routing.get("example_id"),
            "confidence": round(guess.confidence, 3) if guess else None,
        }
    )


ENDPOINTS = [
    Endpoint(
        "GET", "/routing/examples", show_examples, "Examples of routing.", returns=ExampleList
    ),
    Endpoint(
        "POST",
        "/routing/examples",
        add_one,
        "Add an example.",
        ExampleValues,
        answers={201: "Added."},
        returns=ExampleJson,
    ),
    Endpoint(
        "DELETE",
        "/routing/examples/<example_id:int>",
        remove_one,
        "Forget an example.",
        answers={204: "Forgotten."},
    ),
    Endpoint("POST", "/routing/try", try_one, "Where a text would go.", Trial, returns=TrialJson),
]
