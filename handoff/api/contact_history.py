"""Everything a contact wrote on any channel, and what agents may correct of them."""

from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json

from desk.contacts.editing import ContactDraft, correct_contact
from desk.conversations.contact_history import (
    conversations_of_contact,
    read_timeline,
    visible_contact,
)
from handoff.api.answers import ContactMessages
from handoff.api.endpoints import Endpoint, Shape
from handoff.api.messages import message_json
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of


@api_user("agent", "supervisor", "admin")
async def list_contact_messages(request: Request, contact_id: int) -> HTTPResponse:
    """One timeline over all conversations that the user may see, newest first."""
    services, user = services_of(request), current_user(request)
    async with services.database.reading(may_be_slow=True) as session:
        contact = await visible_contact(session, user, contact_id)
        page = await read_timeline(
            session,
            await conversations_of_contact(session, user, contact.id),
            words=request.args.get("q", ""),
            cursor=request.args.get("cursor"),
        )
    shown = [
        message_json(services, entry.message)
        | {
            "conversation": entry.place.conversation.public_id,
            "channel": {"kind": entry.place.channel.kind, "brand": entry.place.channel.brand},
        }
        for entry in page.entries
    ]
    return json({"messages": shown, "next_cursor": page.next_cursor})


class Correction(Shape):
    """What to correct; what is not named stays. The address is for supervisors and admins."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class KnownContact(BaseModel):
    """What is known of a person."""

    id: int
    name: str | None
    email: str | None
    phone: str | None


@api_user("agent", "supervisor", "admin")
async def correct_one(request: Request, contact_id: int) -> HTTPResponse:
    """Corrects name, phone or address of somebody whom the user serves."""
    user, body = current_user(request), read_body(request, Correction)
    async with services_of(request).database.transaction() as session:
        found = await visible_contact(session, user, contact_id)
        draft = ContactDraft(name=body.name, email=body.email, phone=body.phone)
        contact = await correct_contact(session, found.id, draft, user)
    return json({name: getattr(contact, name) for name in ("id", "name", "email", "phone")})


ENDPOINTS = [
    Endpoint(
        "PATCH",
        "/contacts/<contact_id:int>/details",
        correct_one,
        "Correct name, phone or address of somebody whom the user serves.",
        Correction,
        returns=KnownContact,
    ),
    Endpoint(
        "GET",
        "/contacts/<contact_id:int>/messages",
        list_contact_messages,
        "Everything written with a contact, the newest first.",
        query={
            "q": "Words that a message must have, without accents.",
            "cursor": "Where the previous page ended.",
        },
        returns=ContactMessages,
    ),
]
