"""Campanhas: one message to many contacts, tried, scheduled, watched, and what became of it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sanic import Blueprint, HTTPResponse, Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.life import cancel, pause, resume, schedule, unschedule
from desk.campaigns.results import walk_results
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
from desk.csv_tables import csv_line
from desk.errors import Invalid
from handoff.campaign_words import RESULTS, STATES, reason_words
from handoff.campaigns import HOW_TO_STOP
from handoff.console import wording
from handoff.console.settings.campaign_template import template_choices, template_fields
from handoff.console.settings.campaign_view import campaign_page, form_choices
from handoff.console.settings.forms import Form, act, actor_of, field_of, form_of, save, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import current_user, signed_in
from handoff.services import services_of
from handoff.whatsapp_number import freshen_templates

LIST = f"{ROOT}/campaigns"
_CSV_LINES = 500
_STEPS = {"unschedule": unschedule, "pause": pause, "resume": resume, "cancel": cancel}
_ROLES = ("supervisor", "admin")

blueprint = Blueprint("settings_campaigns", url_prefix="/campaigns")


@blueprint.get("/")
@signed_in(*_ROLES)
async def show_campaigns(request: Request) -> HTTPResponse:
    """All campaigns, newest first."""
    zone = services_of(request).settings.zone
    async with services_of(request).database.reading() as session:
        campaigns, cursor = await list_campaigns(session, request.args.get("cursor"))
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "state": each.state.value,
            "label": _(STATES[each.state.value]),
            "when": wording.date_and_clock(
                each.ended_at or each.starts_at or each.created_at, zone
            ),
        }
        for each in campaigns
    ]
    more = f"{LIST}?{urlencode({'cursor': cursor})}" if cursor else ""
    return show(request, "campaigns.html", rows=rows, more_url=more)


@blueprint.get("/new")
@signed_in(*_ROLES)
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new campaign."""
    return await _new_form(request, Form({"per_minute": 20}))


@blueprint.post("/new")
@signed_in(*_ROLES)
async def create(request: Request) -> HTTPResponse:
    """Adds a draft."""
    user_id = current_user(request).id

    async def work(session: AsyncSession, values: CampaignValues) -> None:
        await create_campaign(session, values, user_id, actor_of(request))

    return await save(
        request,
        CampaignValues,
        work,
        done=f"{LIST}?ok=created",
        again=lambda form: _new_form(request, form),
        given=template_fields(request),
    )


@blueprint.get("/<campaign_id:int>")
@signed_in(*_ROLES)
async def show_campaign(request: Request, campaign_id: int) -> HTTPResponse:
    """A draft to be changed and previewed, or how far the campaign is."""
    return await campaign_page(request, campaign_id)


@blueprint.post("/<campaign_id:int>")
@signed_in(*_ROLES)
async def change(request: Request, campaign_id: int) -> HTTPResponse:
    """Changes a draft."""

    async def work(session: AsyncSession, values: CampaignValues) -> None:
        await change_campaign(session, campaign_id, values, actor_of(request))

    return await save(
        request,
        CampaignValues,
        work,
        done=f"{LIST}/{campaign_id}?ok=saved",
        again=lambda form: campaign_page(request, campaign_id, form),
        given=template_fields(request),
    )


@blueprint.post("/<campaign_id:int>/schedule")
@signed_in(*_ROLES)
async def schedule_one(request: Request, campaign_id: int) -> HTTPResponse:
    """Lets it begin at the moment that was chosen, or at once."""
    zone, typed = services_of(request).settings.zone, field_of(request, "starts_at", 40)

    async def work(session: AsyncSession) -> None:
        await schedule(session, campaign_id, _moment(typed, zone), zone, actor_of(request))

    async def again(form: Form) -> HTTPResponse:
        return await _refused(request, campaign_id, form, typed)

    return await act(request, work, done=f"{LIST}/{campaign_id}", again=again)


@blueprint.post("/<campaign_id:int>/<step:unschedule|pause|resume|cancel>")
@signed_in(*_ROLES)
async def take_step(request: Request, campaign_id: int, step: str) -> HTTPResponse:
    """Back to a draft, paused, resumed or ended."""

    async def work(session: AsyncSession) -> None:
        await _STEPS[step](session, campaign_id, actor_of(request))

    async def again(form: Form) -> HTTPResponse:
        return await _refused(request, campaign_id, form)

    return await act(request, work, done=f"{LIST}/{campaign_id}", again=again)


@blueprint.post("/<campaign_id:int>/test")
@signed_in(*_ROLES)
async def send_one_test(request: Request, campaign_id: int) -> HTTPResponse:
    """Sends the message to the reader's own e-mail address."""
    services = services_of(request)

    async def work(session: AsyncSession) -> None:
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

    async def again(form: Form) -> HTTPResponse:
        return await _refused(request, campaign_id, form)

    return await act(request, work, done=f"{LIST}/{campaign_id}?ok=tested", again=again)


@blueprint.get("/<campaign_id:int>/results.csv")
@signed_in(*_ROLES)
async def download(request: Request, campaign_id: int) -> Any:
    """What became of everybody, sent while it is read."""
    zone = services_of(request).settings.zone
    async with services_of(request).database.reading(may_be_slow=True) as session:
        campaign = await campaign_by_id(session, campaign_id)
        name = f'attachment; filename="campanha-{campaign.id}.csv"'
        response = await request.respond(
            content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
        )
        if response is None:
            return None
        head = [_("Contato"), _("Nome"), _("Resultado"), _("Motivo"), _("Quando"), _("Conversa")]
        lines = ["\ufeff" + csv_line(head)]
        async for row in walk_results(session, campaign.id):
            when = f"{row.at.astimezone(zone):%d/%m/%Y %H:%M:%S}"
            said = _(RESULTS[row.result])
            cells = [row.contact_id, row.name, said, reason_words(row), when, row.conversation]
            lines.append(csv_line(cells))
            if len(lines) >= _CSV_LINES:
                await response.send("".join(lines))
                lines = []
    await response.send("".join(lines))
    await response.eof()
    return None


async def _new_form(request: Request, form: Form) -> HTTPResponse:
    await freshen_templates(services_of(request), request.app.ctx.whatsapp)
    async with services_of(request).database.reading() as session:
        choices = await form_choices(session)
        choices |= await template_choices(session, form)
    return show(
        request,
        "campaign_draft.html",
        status=form.status,
        form=form,
        campaign=None,
        path=f"{LIST}/new",
        **choices,
    )


async def _refused(
    request: Request, campaign_id: int, form: Form, starts_at: str = ""
) -> HTTPResponse:
    async with services_of(request).database.reading() as session:
        stored = form_of(campaign_values(await campaign_by_id(session, campaign_id)))
    values = {**stored.values, "starts_at": starts_at}
    return await campaign_page(request, campaign_id, Form(values, form.errors))


def _moment_of(campaign: Campaign) -> datetime:
    return campaign.ended_at or campaign.starts_at or campaign.created_at


def _moment(typed: str, zone: ZoneInfo) -> datetime | None:
    if not typed.strip():
        return None
    try:
        # A browser gives the reader's clock; the installation's is what is shown beside the field.
        return datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("starts_at", "A data ou a hora não é válida.") from None
