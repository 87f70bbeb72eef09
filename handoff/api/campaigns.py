"""Campaigns: one message to many contacts, and what became of it."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel
from sanic import HTTPResponse, Request
from sanic.response import json
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.life import cancel, pause, resume, schedule, unschedule
from desk.campaigns.preview import (
    count_audience,
    list_audience,
    sample_message,
    sample_template,
)
from desk.campaigns.results import RESULTS, list_results, read_progress
from desk.campaigns.settings import (
    CampaignValues,
    campaign_by_id,
    campaign_values,
    change_campaign,
    create_campaign,
    list_campaigns,
)
from desk.campaigns.tables import Campaign
from desk.campaigns.testing import send_test
from desk.errors import Invalid
from desk.events.log import Actor, by_agent
from handoff.api.changes import changes_of, read_changes
from handoff.api.endpoints import Endpoint, Shape
from handoff.campaigns import HOW_TO_STOP
from handoff.problems import read_body, read_number
from handoff.security import api_user, current_user
from handoff.services import services_of

_ROLES = ("supervisor", "admin")
Step = Callable[[AsyncSession, int, Actor], Awaitable[Campaign]]


class CampaignShown(BaseModel):
    """A campaign."""

    id: int
    state: Literal["draft", "scheduled", "running", "paused", "finished", "cancelled"]
    starts_at: str | None
    ended_at: str | None
    values: CampaignValues


class CampaignList(BaseModel):
    """A page, newest first; ``next_cursor`` leads to the next, null at the end."""

    campaigns: list[CampaignShown]
    next_cursor: str | None


class ChosenShown(BaseModel):
    """Somebody whom the conditions choose; ``left_out`` says why they would get nothing."""

    contact: int
    name: str
    left_out: str | None


class PreviewShown(BaseModel):
    """Who would get it now, and what the first of them would read.

    ``template_message``: the approved template's words, for closed windows; empty without one.
    """

    chosen: int
    reachable: int
    left_out: dict[str, int]
    message: str
    template_message: str
    recipients: list[ChosenShown]
    next_cursor: str | None


class ProgressShown(BaseModel):
    """Recipients by result, and those left out by reason; the list is fixed when it begins."""

    total: int
    done: int
    results: dict[str, int]
    left_out: dict[str, int]


class RecipientShown(BaseModel):
    """What became of one recipient."""

    contact: int
    name: str
    result: Literal[
        "waiting", "sending", "sent", "delivered", "read", "answered", "failed", "left_out"
    ]
    reason: str
    at: str
    conversation: str | None


class RecipientList(BaseModel):
    """A page by contact; ``next_cursor`` leads to the next, null at the end."""

    recipients: list[RecipientShown]
    next_cursor: str | None


class ScheduleBody(Shape):
    """When it begins; at once without a moment."""

    starts_at: AwareDatetime | None = None


def campaign_json(campaign: Campaign) -> dict[str, Any]:
    """A campaign as programs read it."""
    return {
        "id": campaign.id,
        "state": campaign.state.value,
        "starts_at": campaign.starts_at.isoformat() if campaign.starts_at else None,
        "ended_at": campaign.ended_at.isoformat() if campaign.ended_at else None,
        "values": campaign_values(campaign).model_dump(mode="json"),
    }


@api_user(*_ROLES)
async def show_campaigns(request: Request) -> HTTPResponse:
    """A page of campaigns."""
    limit = read_number(request, "limit", 50)
    async with services_of(request).database.reading() as session:
        rows, cursor = await list_campaigns(session, request.args.get("cursor"), limit)
    return json({"campaigns": [campaign_json(each) for each in rows], "next_cursor": cursor})


@api_user(*_ROLES)
async def show_campaign(request: Request, campaign_id: int) -> HTTPResponse:
    """One campaign."""
    async with services_of(request).database.reading() as session:
        return json(campaign_json(await campaign_by_id(session, campaign_id)))


@api_user(*_ROLES)
async def add_one(request: Request) -> HTTPResponse:
    """Adds a draft."""
    values, user = read_body(request, CampaignValues), current_user(request)
    async with services_of(request).database.transaction() as session:
        campaign = await create_campaign(session, values, user.id, by_agent(user.id))
    return json(campaign_json(campaign), status=201)


@api_user(*_ROLES)
async def change_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Changes a draft."""
    async with services_of(request).database.transaction() as session:
        stored = campaign_values(await campaign_by_id(session, campaign_id))
        values = read_changes(request, CampaignValues, stored)
        actor = by_agent(current_user(request).id)
        campaign = await change_campaign(session, campaign_id, values, actor)
    return json(campaign_json(campaign))


@api_user(*_ROLES)
async def show_preview(request: Request, campaign_id: int) -> HTTPResponse:
    """Who would get it now; nothing is sent."""
    services, limit = services_of(request), read_number(request, "limit", 50)
    zone, how = services.settings.zone, services.words.say(HOW_TO_STOP)
    async with services.database.reading(may_be_slow=True) as session:
        values = campaign_values(await campaign_by_id(session, campaign_id))
        totals = await count_audience(session, values, zone)
        cursor = request.args.get("cursor")
        rows, next_cursor = await list_audience(session, values, zone, cursor, limit)
        sample = await sample_message(session, values, zone, how)
        template = await sample_template(session, values, zone)
    return json(
        {
            "chosen": totals.chosen,
            "reachable": totals.reachable,
            "left_out": {reason.value: count for reason, count in totals.left_out.items()},
            "message": sample.text,
            "template_message": template,
            "recipients": [
                {"contact": row.contact_id, "name": row.name, "left_out": row.reach.reason}
                for row in rows
            ],
            "next_cursor": next_cursor,
        }
    )


@api_user(*_ROLES)
async def show_progress(request: Request, campaign_id: int) -> HTTPResponse:
    """How far it is."""
    async with services_of(request).database.reading(may_be_slow=True) as session:
        campaign = await campaign_by_id(session, campaign_id)
        progress = await read_progress(session, campaign.id)
    return json(
        {
            "total": progress.total,
            "done": progress.done,
            "results": progress.counts,
            "left_out": progress.left_out,
        }
    )


@api_user(*_ROLES)
async def show_recipients(request: Request, campaign_id: int) -> HTTPResponse:
    """What became of each recipient."""
    limit, result = read_number(request, "limit", 50), request.args.get("result", "")
    if result and result not in RESULTS:
        raise Invalid("result", "O valor não é um dos aceitos.")
    async with services_of(request).database.reading(may_be_slow=True) as session:
        campaign = await campaign_by_id(session, campaign_id)
        cursor = request.args.get("cursor")
        rows, next_cursor = await list_results(session, campaign.id, cursor, limit, result)
    recipients = [
        {
            "contact": row.contact_id,
            "name": row.name,
            "result": row.result,
            "reason": row.reason,
            "at": row.at.isoformat(),
            "conversation": row.conversation,
        }
        for row in rows
    ]
    return json({"recipients": recipients, "next_cursor": next_cursor})


@api_user(*_ROLES)
async def schedule_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Lets a draft begin."""
    services, starts_at = services_of(request), read_body(request, ScheduleBody).starts_at
    actor = by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        zone = services.settings.zone
        campaign = await schedule(session, campaign_id, starts_at, zone, actor)
    services.pulse.beat("events")
    return json(campaign_json(campaign))


@api_user(*_ROLES)
async def unschedule_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Back to a draft."""
    return await _take(request, campaign_id, unschedule)


@api_user(*_ROLES)
async def pause_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Pauses it."""
    return await _take(request, campaign_id, pause)


@api_user(*_ROLES)
async def resume_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Lets it go on."""
    return await _take(request, campaign_id, resume)


@api_user(*_ROLES)
async def cancel_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Ends it."""
    return await _take(request, campaign_id, cancel)


@api_user(*_ROLES)
async def test_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Sends the message to the caller's own e-mail address."""
    services = services_of(request)
    async with services.database.transaction() as session:
        campaign = await campaign_by_id(session, campaign_id)
        await send_test(
            session,
            services.vault,
            campaign,
            current_user(request),
            services.settings.zone,
            subject=services.words.say("bridge_campaign_test_subject", name=campaign.name),
            how_to_stop=services.words.say(HOW_TO_STOP),
        )
    services.pulse.beat("mail")
    return json(campaign_json(campaign), status=202)


async def _take(request: Request, campaign_id: int, step: Step) -> HTTPResponse:
    services, actor = services_of(request), by_agent(current_user(request).id)
    async with services.database.transaction() as session:
        campaign = await step(session, campaign_id, actor)
    services.pulse.beat("events")
    return json(campaign_json(campaign))


_ALL, _ONE = "/campaigns", "/campaigns/<campaign_id:int>"
_PAGE = {"limit": "How many.", "cursor": "Where the previous page ended."}
_NOT_NOW = {200: "Done.", 409: "Not in the state in which it is."}


def _step(name: str, handler: Any, summary: str) -> Endpoint:
    path = f"{_ONE}/{name}"
    return Endpoint("POST", path, handler, summary, answers=_NOT_NOW, returns=CampaignShown)


ENDPOINTS = [
    Endpoint("GET", _ALL, show_campaigns, "Campaigns.", query=_PAGE, returns=CampaignList),
    Endpoint(
        "POST",
        _ALL,
        add_one,
        "Add a campaign as a draft.",
        CampaignValues,
        answers={201: "Added."},
        returns=CampaignShown,
    ),
    Endpoint("GET", _ONE, show_campaign, "One campaign.", returns=CampaignShown),
    Endpoint(
        "PATCH",
        _ONE,
        change_one,
        "Change a draft.",
        changes_of(CampaignValues),
        answers=_NOT_NOW,
        returns=CampaignShown,
    ),
    Endpoint(
        "GET",
        f"{_ONE}/preview",
        show_preview,
        "Who would get it now and who not, and why; nothing is sent.",
        query=_PAGE,
        answers={200: "Done.", 409: "It chooses too many."},
        returns=PreviewShown,
    ),
    Endpoint("GET", f"{_ONE}/progress", show_progress, "How far it is.", returns=ProgressShown),
    Endpoint(
        "GET",
        f"{_ONE}/recipients",
        show_recipients,
        "What became of each recipient.",
        query=_PAGE | {"result": "Only with this result: " + ", ".join(RESULTS) + "."},
        returns=RecipientList,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/schedule",
        schedule_one,
        "Let a draft begin, at a moment or at once.",
        ScheduleBody,
        answers=_NOT_NOW,
        returns=CampaignShown,
    ),
    _step("unschedule", unschedule_one, "Back to a draft, before it began."),
    _step("pause", pause_one, "Pause it."),
    _step("resume", resume_one, "Let it go on."),
    _step("cancel", cancel_one, "End it: who waits gets nothing."),
    Endpoint(
        "POST",
        f"{_ONE}/test",
        test_one,
        "Send the message to one's own e-mail address.",
        answers={202: "On its way."},
        returns=CampaignShown,
    ),
]
