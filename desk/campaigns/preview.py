"""Who would get a campaign now, and what they would read; nothing is changed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.audience import BATCH, LeftOut, Reach, chosen_contacts, reach_of
from desk.campaigns.settings import CampaignValues
from desk.canned.fill import Filled, fill_text, greeting_at
from desk.channels.templates import named_templates, words_of
from desk.contacts.tables import Contact
from desk.conversations.canned import reply_values
from desk.conversations.tables import Conversation
from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict
from desk.keyset import read_cursor, write_cursor

MOST_RECIPIENTS = 50_000
MAX_PAGE = 200


@dataclass(frozen=True)
class Totals:
    """How many are chosen, how many would get it, and how many not, by reason."""

    chosen: int
    reachable: int
    left_out: Mapping[LeftOut, int]


@dataclass(frozen=True)
class Chosen:
    """Somebody whom the conditions choose."""

    contact_id: int
    name: str
    reach: Reach


async def count_audience(session: AsyncSession, values: CampaignValues, zone: ZoneInfo) -> Totals:
    """Looks at everybody, five hundred at a time.

    Raises:
        Conflict: there are more than fifty thousand.
    """
    reachable, left_out, after, chosen = 0, Counter[LeftOut](), 0, 0
    while ids := await chosen_contacts(session, values, zone, after):
        chosen += len(ids)
        if chosen > MOST_RECIPIENTS:
            raise Conflict(
                "São mais de {limit} contatos. Escolha critérios mais estreitos.",
                limit=f"{MOST_RECIPIENTS:,}".replace(",", "."),
            )
        reaches = (await reach_of(session, values, ids)).values()
        left_out.update(reach.reason for reach in reaches if reach.reason is not None)
        reachable += sum(reach.reason is None for reach in reaches)
        after = ids[-1]
        if len(ids) < BATCH:
            break
    return Totals(chosen, reachable, dict(left_out))


async def list_audience(
    session: AsyncSession,
    values: CampaignValues,
    zone: ZoneInfo,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Chosen], str | None]:
    """A page of those whom the conditions choose, and the cursor of the next; None at the end.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    after = min(read_cursor(cursor, (int,))[0], MAX_SMALL_KEY) if cursor else 0
    ids = await chosen_contacts(session, values, zone, after, size + 1)
    page = ids[:size]
    reaches = await reach_of(session, values, page)
    names = await names_of_contacts(session, page)
    rows = [Chosen(each, names.get(each, ""), reaches[each]) for each in page]
    return rows, write_cursor(page[-1]) if len(ids) > size else None


async def sample_message(
    session: AsyncSession, values: CampaignValues, zone: ZoneInfo, how_to_stop: str
) -> Filled:
    """The message as its first reader would get it; with fallbacks when there is none."""
    known = await _sample_values(session, values, zone)
    return fill_text(with_way_out(values.message, how_to_stop), known)


async def sample_template(session: AsyncSession, values: CampaignValues, zone: ZoneInfo) -> str:
    """The template's words as its first reader would get them; empty where none may be sent."""
    templates = await named_templates(session, values.template, values.template_language)
    if not (values.template and templates):
        return ""
    known = await _sample_values(session, values, zone)
    filled = {name: fill_text(text, known).text for name, text in values.template_values.items()}
    return words_of(next(iter(templates.values())), filled)


async def _sample_values(
    session: AsyncSession, values: CampaignValues, zone: ZoneInfo
) -> Mapping[str, str]:
    rows, _ = await list_audience(session, values, zone, limit=MAX_PAGE)
    place = next((row.reach.conversation_id for row in rows if row.reach.reason is None), None)
    if place is None:
        return {"greeting": greeting_at(datetime.now(UTC).astimezone(zone))}
    conversation = await session.get_one(Conversation, place)
    return await reply_values(session, conversation, None, now=datetime.now(UTC), zone=zone)


def with_way_out(message: str, how_to_stop: str) -> str:
    """Every message says how to get no more of them."""
    return f"{message}\n\n{how_to_stop}"


async def names_of_contacts(session: AsyncSession, contact_ids: Sequence[int]) -> dict[int, str]:
    """Names by contact; empty where none is known."""
    query = select(Contact.id, Contact.name).where(Contact.id.in_(contact_ids))
    return {row.id: row.name or "" for row in await session.execute(query)}
