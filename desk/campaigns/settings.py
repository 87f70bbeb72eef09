"""Campaigns as somebody writes them: list, add, change while they are drafts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Self

from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.tables import Campaign
from desk.canned.fill import check_variables
from desk.channels.tables import Channel
from desk.channels.templates import MAX_VALUE_CHARS
from desk.companies.tables import Company
from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.changes import Changes, record_changes
from desk.events.log import Actor, record_event
from desk.hours.tables import BusinessCalendar
from desk.keyset import read_cursor, write_cursor
from desk.shapes import Line, Lines, Values
from desk.states import CampaignState, Status
from desk.tags.tables import Tag
from desk.team.tables import Queue

MAX_MESSAGE_CHARS = 2000
MAX_PAGE = 100
MOST_CHOSEN = 200
RowId = Annotated[int, Field(ge=1, le=MAX_SMALL_KEY)]
RowIds = Annotated[list[RowId], Field(max_length=MOST_CHOSEN)]
TemplateValues = dict[
    Annotated[str, Field(max_length=80)], Annotated[Line, Field(max_length=MAX_VALUE_CHARS)]
]


class CampaignValues(Values):
    """A message, whom it is for, and how fast it goes out.

    A contact is chosen who speaks for one of ``company_ids`` and has a conversation that meets all
    of the other conditions together; what is left empty does not choose. Days are those of the
    installation's time zone, both included: ``last_contact_*`` of the newest message of the
    conversation, ``opened_*`` of its beginning. ``template``, ``template_language``: the provider's
    approved template (pt_BR without a language), for chats in which a channel takes no free words
    now; ``template_values`` fills its variables, and may have those of canned replies in it.
    ``calendar_id``: only in its hours.
    """

    name: Line = Field(min_length=1, max_length=120)
    message: Lines = Field(min_length=1, max_length=MAX_MESSAGE_CHARS)
    template: Line = Field(default="", max_length=512)
    template_language: Line = Field(default="", max_length=20)
    template_values: TemplateValues = Field(default_factory=dict, max_length=30)
    statuses: list[Status] = Field(default_factory=list, max_length=5)
    company_ids: RowIds = Field(default_factory=list)
    queue_ids: RowIds = Field(default_factory=list)
    tag_ids: RowIds = Field(default_factory=list)
    channel_ids: RowIds = Field(default_factory=list)
    last_contact_since: date | None = None
    last_contact_until: date | None = None
    opened_since: date | None = None
    opened_until: date | None = None
    per_minute: int = Field(default=20, ge=1, le=600)
    calendar_id: RowId | None = None

    @model_validator(mode="after")
    def _chooses_somebody(self) -> Self:
        if not (self.company_ids or self.asks_conversation):
            raise ValueError("Escolha ao menos um critério: uma campanha não vai para todos.")
        for first, last in (
            (self.last_contact_since, self.last_contact_until),
            (self.opened_since, self.opened_until),
        ):
            if first and last and last < first:
                raise ValueError("O período precisa terminar depois de começar.")
        return self

    @property
    def asks_conversation(self) -> bool:
        """Whether a condition is about conversations."""
        return bool(
            self.statuses
            or self.queue_ids
            or self.tag_ids
            or self.channel_ids
            or self.last_contact_since
            or self.last_contact_until
            or self.opened_since
            or self.opened_until
        )


def campaign_values(campaign: Campaign) -> CampaignValues:
    """A campaign as it stands."""
    return CampaignValues.model_validate({**campaign.value, "name": campaign.name})


async def list_campaigns(
    session: AsyncSession, cursor: str | None = None, limit: int = 50
) -> tuple[Sequence[Campaign], str | None]:
    """A page of campaigns, newest first, and the cursor of the next one; None at the end.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    query = select(Campaign).order_by(Campaign.id.desc()).limit(size + 1)
    if cursor:
        query = query.where(Campaign.id < min(read_cursor(cursor, (int,))[0], MAX_SMALL_KEY))
    rows = (await session.execute(query)).scalars().all()
    return rows[:size], write_cursor(rows[size - 1].id) if len(rows) > size else None


async def campaign_by_id(session: AsyncSession, campaign_id: int) -> Campaign:
    """One campaign.

    Raises:
        NotFound: there is none.
    """
    campaign = await session.get(Campaign, max(0, min(campaign_id, MAX_SMALL_KEY)))
    if campaign is None:
        raise NotFound("Campanha não encontrada.")
    return campaign


async def hold_campaign(session: AsyncSession, campaign_id: int) -> Campaign:
    """One campaign as it stands now, held until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = (
        select(Campaign)
        .where(Campaign.id == max(0, min(campaign_id, MAX_SMALL_KEY)))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    campaign = (await session.execute(query)).scalar_one_or_none()
    if campaign is None:
        raise NotFound("Campanha não encontrada.")
    return campaign


async def create_campaign(
    session: AsyncSession, values: CampaignValues, user_id: int, actor: Actor
) -> Campaign:
    """Adds a draft: nothing is sent before it is scheduled.

    Raises:
        Invalid: what it names does not exist, or its message could not be filled.
    """
    await check_campaign(session, values)
    now = datetime.now(UTC)
    campaign = Campaign(
        name=values.name,
        state=CampaignState.DRAFT,
        value=_stored(values),
        made_by_id=user_id,
        created_at=now,
        updated_at=now,
    )
    session.add(campaign)
    await session.flush()
    await record_event(session, "campaign.created", actor, id=campaign.id, name=values.name)
    return campaign


async def change_campaign(
    session: AsyncSession, campaign_id: int, values: CampaignValues, actor: Actor
) -> Campaign:
    """Changes a draft.

    Raises:
        NotFound: there is none.
        Conflict: it is scheduled, or went out already.
        Invalid: what it names does not exist, or its message could not be filled.
    """
    campaign = await hold_campaign(session, campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise Conflict("Só um rascunho pode ser mudado.")
    await check_campaign(session, values)
    before, changes = campaign_values(campaign), Changes()
    stored_before, stored = _stored(before), _stored(values)
    changes.note("name", before.name, values.name)
    for name, value in stored.items():
        changes.note(name, stored_before[name], value)
    if changes:
        campaign.name, campaign.value = values.name, stored
        campaign.updated_at = datetime.now(UTC)
        await session.flush()
        # What people are written to is told in no event.
        await record_changes(
            session,
            "campaign.changed",
            actor,
            campaign.id,
            changes,
            personal={"message", "template_values"},
        )
    return campaign


async def check_campaign(session: AsyncSession, values: CampaignValues) -> None:
    """Refuses what a campaign could not do.

    Raises:
        Invalid: something that was chosen does not exist, or the message could not be filled.
    """
    chosen = {
        "company_ids": (Company.id, values.company_ids),
        "queue_ids": (Queue.id, values.queue_ids),
        "tag_ids": (Tag.id, values.tag_ids),
        "channel_ids": (Channel.id, values.channel_ids),
        "calendar_id": (BusinessCalendar.id, [values.calendar_id] if values.calendar_id else []),
    }
    for field, (key, ids) in chosen.items():
        found = select(key).where(key.in_(set(ids)))
        if len((await session.execute(found)).scalars().all()) < len(set(ids)):
            raise Invalid(field, "O que foi escolhido aqui não existe mais.")
    for field, text in (("message", values.message), *_template_texts(values)):
        try:
            check_variables(text)
        except Invalid as refusal:
            raise Invalid(field, refusal.words, **refusal.values) from refusal


def _template_texts(values: CampaignValues) -> list[tuple[str, str]]:
    return [("template_values", text) for text in values.template_values.values()]


def _stored(values: CampaignValues) -> dict[str, object]:
    return values.model_dump(mode="json", exclude={"name"})
