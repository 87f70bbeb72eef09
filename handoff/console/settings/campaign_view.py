"""One campaign's page: a draft with its preview, or how far it is with what became of whom."""

from typing import Any
from urllib.parse import urlencode

from sanic import HTTPResponse, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.preview import (
    count_audience,
    list_audience,
    sample_message,
    sample_template,
)
from desk.campaigns.results import RESULTS as ORDER
from desk.campaigns.results import list_results, read_progress
from desk.campaigns.settings import campaign_by_id, campaign_values
from desk.campaigns.tables import Campaign
from desk.channels.settings import list_channels
from desk.companies.tables import Company
from desk.errors import Conflict
from desk.hours.calendars import list_calendars
from desk.states import STATUS_LABELS, CampaignState
from desk.tags.settings import list_tags
from desk.team.queues import list_queues
from handoff.campaign_words import LEFT_OUT, RESULTS, STATES, reason_words
from handoff.campaigns import HOW_TO_STOP
from handoff.console import wording
from handoff.console.inbox_filters import channel_name
from handoff.console.settings.campaign_template import template_choices
from handoff.console.settings.forms import Form, form_of, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import N_, _
from handoff.problems import in_words
from handoff.services import services_of
from handoff.whatsapp_number import freshen_templates

_SHOWN = 50
_MOST_COMPANIES = 200
_LIVE = (CampaignState.SCHEDULED, CampaignState.RUNNING)
_TESTED = N_("O teste está a caminho do seu e-mail.")


async def campaign_page(
    request: Request, campaign_id: int, form: Form | None = None
) -> HTTPResponse:
    """The page as the campaign stands; ``form`` when something was refused."""
    services = services_of(request)
    async with services.database.reading() as session:
        is_draft = (await campaign_by_id(session, campaign_id)).state is CampaignState.DRAFT
    if is_draft:
        await freshen_templates(services, request.app.ctx.whatsapp)
    async with services.database.reading(may_be_slow=True) as session:
        campaign = await campaign_by_id(session, campaign_id)
        shown = form or form_of(campaign_values(campaign))
        about = {
            "campaign": campaign,
            "label": _(STATES[campaign.state.value]),
            "form": shown,
            "path": f"{ROOT}/campaigns/{campaign.id}",
        }
        if campaign.state is CampaignState.DRAFT:
            template = "campaign_draft.html"
            about |= await form_choices(session, campaign)
            about |= await template_choices(session, shown)
            about |= await _preview(request, session, campaign)
        else:
            template = "campaign.html"
            about |= await _standing(request, session, campaign)
    asks_again = request.headers.get("hx-request") and template == "campaign.html"
    if asks_again:
        template = "campaign_progress.html"
    about["told"] = _(_TESTED) if request.args.get("ok") == "tested" else ""
    page = show(request, template, status=shown.status, **about)
    if asks_again and request.args.get("seen") != campaign.state.value:
        # Another state has other buttons: the whole page is read anew.
        page.headers["HX-Refresh"] = "true"
    return page


async def form_choices(session: AsyncSession, campaign: Campaign | None = None) -> dict[str, Any]:
    """What the form offers; companies by name, at most two hundred and those that are chosen."""
    chosen = campaign_values(campaign).company_ids if campaign else []
    query = select(Company.id, Company.name).order_by(func.lower(Company.name))
    first = (await session.execute(query.limit(_MOST_COMPANIES))).all()
    kept = (await session.execute(query.where(Company.id.in_(chosen)))).all() if chosen else []
    calendars = [(each.id, each.name) for each in await list_calendars(session)]
    return {
        "statuses": [(key, wording.STATUS_LABELS[key]) for key in STATUS_LABELS],
        "queues": [(each.id, each.name) for each in await list_queues(session)],
        "tags": [(each.id, each.name) for each in await list_tags(session)],
        "channels": [(each.id, channel_name(each)) for each in await list_channels(session)],
        "companies": list(dict([*((row[0], row[1]) for row in (*kept, *first))]).items()),
        "calendars": [("", _("A qualquer hora")), *calendars],
        "preview": None,
        "told": "",
        "zone_name": "",
    }


async def _preview(request: Request, session: AsyncSession, campaign: Campaign) -> dict[str, Any]:
    services, values = services_of(request), campaign_values(campaign)
    zone, how = services.settings.zone, services.words.say(HOW_TO_STOP)
    try:
        totals = await count_audience(session, values, zone)
    except Conflict as refusal:
        return {"preview": {"refusal": in_words(refusal)}, "zone_name": zone.key}
    cursor = request.args.get("cursor")
    rows, more = await list_audience(session, values, zone, cursor, _SHOWN)
    return {
        "zone_name": zone.key,
        "preview": {
            "refusal": "",
            "totals": totals,
            "left_out": [(_(LEFT_OUT[why]), count) for why, count in totals.left_out.items()],
            "sample": (await sample_message(session, values, zone, how)).text,
            "template": await sample_template(session, values, zone),
            "rows": [
                {
                    "id": row.contact_id,
                    "name": row.name or _("Visitante"),
                    "reason": _(LEFT_OUT[row.reach.reason]) if row.reach.reason else "",
                }
                for row in rows
            ],
            "more_url": f"?{urlencode({'cursor': more})}#preview" if more else "",
        },
    }


async def _standing(request: Request, session: AsyncSession, campaign: Campaign) -> dict[str, Any]:
    zone, result = services_of(request).settings.zone, request.args.get("result", "")
    wanted = result if result in RESULTS else ""
    progress = await read_progress(session, campaign.id)
    rows, more = await list_results(
        session, campaign.id, request.args.get("cursor"), _SHOWN, wanted
    )
    waits = campaign.next_at if campaign.state is CampaignState.RUNNING else None
    return {
        "progress": progress,
        "counts": [(_(RESULTS[key]), progress.counts.get(key, 0)) for key in ORDER],
        "left_out": [(_(LEFT_OUT[key]), count) for key, count in progress.left_out.items()],
        "is_live": campaign.state in _LIVE,
        "starts": wording.date_and_clock(campaign.starts_at, zone) if campaign.starts_at else "",
        "ended": wording.date_and_clock(campaign.ended_at, zone) if campaign.ended_at else "",
        "next": wording.date_and_clock(waits, zone) if waits else "",
        "finding": campaign.state is CampaignState.RUNNING and campaign.frozen_at is None,
        "message": campaign_values(campaign).message,
        "results": [("", _("Todos")), *((key, _(RESULTS[key])) for key in ORDER)],
        "only": Form({"result": wanted}),
        "rows": [
            {
                "id": row.contact_id,
                "name": row.name or _("Visitante"),
                "label": _(RESULTS[row.result]),
                "result": row.result,
                "reason": reason_words(row),
                "when": wording.date_and_clock(row.at, zone),
                "conversation": row.conversation,
            }
            for row in rows
        ],
        "more_url": f"?{urlencode({'result': wanted, 'cursor': more})}#results" if more else "",
    }
