"""Contacts who want no campaigns."""

from typing import Any, Literal

from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.stopping import stop_campaigns
from desk.contacts.opt_out import opt_in, opt_out_of
from desk.contacts.settings import contact_by_id
from desk.events.log import by_agent
from handoff.api.endpoints import Endpoint
from handoff.security import api_user, current_user
from handoff.services import services_of

_ROLES = ("supervisor", "admin")


class OptOutShown(BaseModel):
    """Since when a contact wants no campaigns, on any channel; nulls when they may get them."""

    opted_out_at: str | None
    source: Literal["campaign", "team", "merge"] | None
    campaign: int | None


@api_user(*_ROLES)
async def show_opt_out(request: Request, contact_id: int) -> HTTPResponse:
    """Whether a contact wants campaigns."""
    async with services_of(request).database.reading() as session:
        contact = await contact_by_id(session, contact_id)
        return json(await _opt_out_json(session, contact.id))


@api_user(*_ROLES)
async def opt_one_out(request: Request, contact_id: int) -> HTTPResponse:
    """No more campaigns to a contact, on their request."""
    async with services_of(request).database.transaction() as session:
        contact = await contact_by_id(session, contact_id)
        await stop_campaigns(session, contact.id, by_agent(current_user(request).id), "team")
        return json(await _opt_out_json(session, contact.id))


@api_user(*_ROLES)
async def opt_one_in(request: Request, contact_id: int) -> HTTPResponse:
    """Campaigns again, on their request."""
    async with services_of(request).database.transaction() as session:
        contact = await contact_by_id(session, contact_id)
        await opt_in(session, contact.id, by_agent(current_user(request).id))
        return json(await _opt_out_json(session, contact.id))


async def _opt_out_json(session: AsyncSession, contact_id: int) -> dict[str, Any]:
    found = await opt_out_of(session, contact_id)
    return {
        "opted_out_at": found.at.isoformat() if found else None,
        "source": found.source if found else None,
        "campaign": found.campaign_id if found else None,
    }


_PATH = "/contacts/<contact_id:int>/opt-out"

ENDPOINTS = [
    Endpoint("GET", _PATH, show_opt_out, "Whether they want campaigns.", returns=OptOutShown),
    Endpoint("POST", _PATH, opt_one_out, "No more campaigns to them.", returns=OptOutShown),
    Endpoint("DELETE", _PATH, opt_one_in, "Campaigns again, as asked.", returns=OptOutShown),
]
