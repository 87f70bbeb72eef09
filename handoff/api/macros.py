"""Macros: what a canned reply changes besides being sent, and applying it to a conversation."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.canned.fill import VARIABLES
from desk.canned.find import visible_reply
from desk.canned.macros import MacroValues, macro_of, set_macro
from desk.conversations.access import visible_conversation
from desk.conversations.macros import Preview, apply_macro, preview_macro
from handoff.api.endpoints import Endpoint, Shape
from handoff.i18n import _
from handoff.problems import Problem, in_words, read_body
from handoff.security import api_user, current_user
from handoff.services import services_of

TEAM = ("agent", "supervisor", "admin")


class MacroUseBody(Shape):
    """``text``: the words as somebody changed them; without it those of the reply."""

    client_id: UUID
    text: str | None = None


class MissingValue(BaseModel):
    """Where the filled words lack a value: other words stand from ``start`` to ``end``."""

    variable: str
    label: str
    start: int
    end: int


class StepShown(BaseModel):
    """A change in words."""

    kind: Literal["status", "priority", "queue", "tag"]
    before: str
    after: str


class PreviewShown(BaseModel):
    """What would be sent and changed; ``refusal``: why it may not be applied, or null."""

    text: str
    gaps: list[MissingValue]
    files: list[str]
    steps: list[StepShown]
    refusal: str | None


class AppliedShown(BaseModel):
    """The message that was sent, and the kinds of what changed."""

    message: int | None
    changed: list[str]


@api_user(*TEAM)
async def show_macro(request: Request, reply_id: int) -> HTTPResponse:
    """What a canned reply changes."""
    async with services_of(request).database.reading() as session:
        reply = await visible_reply(session, current_user(request), reply_id)
        values = await macro_of(session, reply)
    return json(values.model_dump(mode="json"))


@api_user(*TEAM)
async def change_macro(request: Request, reply_id: int) -> HTTPResponse:
    """Sets what a canned reply changes."""
    values = read_body(request, MacroValues)
    async with services_of(request).database.transaction() as session:
        await set_macro(session, current_user(request), reply_id, values)
    return json(values.model_dump(mode="json"))


@api_user(*TEAM)
async def show_preview(request: Request, conversation_id: str, reply_id: int) -> HTTPResponse:
    """What the macro would do to the conversation now."""
    services, user = services_of(request), current_user(request)
    async with services.database.reading() as session:
        found = await visible_conversation(session, user, conversation_id)
        preview = await preview_macro(session, user, found, reply_id, services.settings.zone)
    return json(_preview_json(preview))


@api_user(*TEAM)
async def apply_one(request: Request, conversation_id: str, reply_id: int) -> HTTPResponse:
    """Sends and changes all of it, or nothing; the same client_id does it once."""
    services, user = services_of(request), current_user(request)
    body = read_body(request, MacroUseBody)
    if len(body.text or "") > services.settings.max_text_chars:
        raise Problem(413, field="text")
    async with services.database.transaction() as session:
        found = await visible_conversation(session, user, conversation_id)
        applied = await apply_macro(
            session,
            user,
            found.id,
            reply_id,
            client_id=str(body.client_id),
            zone=services.settings.zone,
            text=body.text,
        )
    services.pulse.beat()
    return json({"message": applied.message_id, "changed": applied.changed})


def _preview_json(preview: Preview) -> dict[str, Any]:
    return {
        "text": preview.filled.text,
        "gaps": [
            {
                "variable": gap.variable,
                "label": _(VARIABLES[gap.variable]),
                "start": gap.start,
                "end": gap.end,
            }
            for gap in preview.filled.gaps
        ],
        "files": [file.name for file in preview.files],
        "steps": [
            {"kind": step.kind, "before": _(step.before), "after": _(step.after)}
            for step in preview.steps
        ],
        "refusal": in_words(preview.refusal) if preview.refusal else None,
    }


_OF_REPLY = "/canned-replies/<reply_id:int>/macro"
_IN_CONVERSATION = "/conversations/<conversation_id:str>/macros/<reply_id:int>"

ENDPOINTS = [
    Endpoint("GET", _OF_REPLY, show_macro, "What a reply changes.", returns=MacroValues),
    Endpoint(
        "PUT", _OF_REPLY, change_macro, "Set what it changes.", MacroValues, returns=MacroValues
    ),
    Endpoint("GET", _IN_CONVERSATION, show_preview, "What it would do here.", returns=PreviewShown),
    Endpoint(
        "POST",
        _IN_CONVERSATION,
        apply_one,
        "Apply it, whole or not at all.",
        MacroUseBody,
        answers={200: "Applied.", 409: "It may not be applied now.", 413: "Too long."},
        returns=AppliedShown,
    ),
]
