"""The demo's year: who comes when, and writing it all at once."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.br import cnpj as stdnum_cnpj

from desk.channels.tables import Channel
from desk.companies.directory import add_company
from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactAlias, ContactCompany
from desk.conversations.tables import Conversation
from desk.db import upsert
from desk.demo import BRAND
from desk.demo_history.ledger import Ledger, Progress
from desk.demo_history.service import Service, World, is_free
from desk.errors import Conflict
from desk.events.horizon import announce
from desk.events.tables import Event
from desk.hours.tables import BusinessCalendar
from desk.tags.tables import Tag
from desk.team.queues import find_queue
from desk.team.tables import Queue, QueueMember, Role, User
from desk.team.users import create_user, find_user
from desk.text import fold
from desk.tickets.tables import RequestType, TicketCounter

SEED = 20260102
DAYS = 365
_A_WORKDAY, _A_WEEKEND_DAY = 20, 5
_NEW_CUSTOMERS = 0.35
_HOURS = (1, 1, 0, 0, 0, 1, 3, 8, 14, 18, 20, 16, 11, 16, 20, 19, 16, 12, 8, 6, 5, 4, 3, 2)


async def write_demo_history(
    session: AsyncSession,
    now: datetime,
    zone: ZoneInfo,
    progress: Progress | None = None,
    days: int = DAYS,
) -> int:
    """Fills a demo that nobody has written in with the time until now; says how many rows.

    Args:
        session: the caller's transaction; all of it or nothing.
        now: nothing happens later.
        zone: the one in which people work.
        progress: told how many rows are written of how many.
        days: how far back it begins.

    Raises:
        Conflict: there is no demo, or somebody has written in it already.
    """
    await _check_demo(session)
    chance = random.Random(SEED)  # noqa: S311 - the same year each time, not a secret
    begin = now - timedelta(days=days + 2)
    # What set the demo up came before: the numbers of the log rise with time.
    await session.execute(update(Event).where(Event.at > begin).values(at=begin))
    texts = yaml.safe_load(Path(__file__).with_name("texts.yml").read_text("utf-8"))
    world = await _furnish(session, texts, now, begin)
    ledger = Ledger()
    await announce(session)
    await ledger.begin(session)
    channels = (await session.execute(select(Channel.id).order_by(Channel.id))).scalars().all()
    companies = (await session.execute(select(Company.id).order_by(Company.id))).scalars().all()
    numbers: dict[int, int] = {}
    talks: list[tuple[dict[str, Any], int]] = []
    ends: dict[int, datetime] = {}
    for at in _arrivals(chance, now, zone, days):
        known = [
            pair
            for pair in chance.sample(talks, min(len(talks), 12))
            if is_free(pair[0]) and ends[pair[0]["id"]] < at - timedelta(days=2)
        ]
        is_new = not known or chance.random() < _NEW_CUSTOMERS
        if is_new:
            talks.append(_newcomer(ledger, chance, texts, list(channels), list(companies), at))
        talk, company_id = talks[-1] if is_new else known[0]
        numbers[at.year] = numbers.get(at.year, 0) + 1
        service = Service(ledger, world, chance, talk, company_id, at)
        service.play(f"{at.year}-{numbers[at.year]:06d}", is_new=is_new)
        ends[talk["id"]] = service.at
    for talk, _ in talks:
        talk.pop("_tags", None)
    for year, last in numbers.items():
        counter = upsert(session)(TicketCounter).values(year=year, last=last)
        await session.execute(
            counter.on_conflict_do_update(index_elements=["year"], set_={"last": last})
        )
    return await ledger.write(session, progress)


async def _check_demo(session: AsyncSession) -> None:
    if await find_user(session, "admin@demo.ponte") is None:
        raise Conflict("Não há demonstração neste banco: comece com make run.")
    written = select(Conversation.id).limit(1)
    if (await session.execute(written)).first() is not None:
        raise Conflict(
            "Já há conversas neste banco. Use outra pasta, como em "
            "PONTE_VAR_DIR=var/history make demo-history."
        )


def _arrivals(
    chance: random.Random, now: datetime, zone: ZoneInfo, days: int
) -> Iterator[datetime]:
    """When customers come: more by day than by night, more on Mondays, more from month to month."""
    today = now.astimezone(zone).date()
    for number in range(days, -1, -1):
        day: date = today - timedelta(days=number)
        base = _A_WORKDAY if day.weekday() < 5 else _A_WEEKEND_DAY
        grown = base * (0.7 + 0.6 * (days - number) / max(days, 1))
        grown *= {0: 1.3, 4: 0.9}.get(day.weekday(), 1.0) * (1.25 if day.day <= 6 else 1.0)
        seconds = sorted(
            chance.choices(range(24), _HOURS)[0] * 3600 + chance.randint(0, 3599)
            for _ in range(max(0, round(chance.gauss(grown, grown**0.5))))
        )
        midnight = datetime.combine(day, time(), zone).astimezone(UTC)
        for second in seconds:
            at = midnight + timedelta(seconds=second, microseconds=chance.randint(0, 999_999))
            if at < now:
                yield at


def _newcomer(
    ledger: Ledger,
    chance: random.Random,
    texts: dict[str, Any],
    channels: list[int],
    companies: list[int],
    at: datetime,
) -> tuple[dict[str, Any], int]:
    name = f"{chance.choice(texts['first_names'])} {chance.choice(texts['last_names'])}"
    contact = ledger.add(Contact, name=name, created_at=at)
    company_id = chance.choices(companies, range(len(companies), 0, -1))[0]
    visitor = uuid.UUID(int=chance.getrandbits(128)).hex
    ledger.add(ContactAlias, kind="webchat", value=visitor, contact_id=contact["id"], created_at=at)
    ledger.add(ContactCompany, contact_id=contact["id"], company_id=company_id, created_at=at)
    talk = ledger.add(
        Conversation,
        public_id=uuid.UUID(int=chance.getrandbits(128)).hex,
        contact_id=contact["id"],
        channel_id=chance.choices(channels, [7, *([3] * (len(channels) - 1))])[0],
        external_chat=visitor,
        status="open",
        status_since=at,
        owner="bot",
        epoch=1,
        queue_id=None,
        assignee_id=None,
        sentiment=None,
        waiting_since=None,
        last_seq=0,
        last_contact_seq=0,
        last_message_seq=0,
        agent_seen_seq=0,
        last_message_at=at,
        created_at=at,
    )
    return talk, company_id


async def _furnish(
    session: AsyncSession, texts: dict[str, Any], now: datetime, begin: datetime
) -> World:
    """More people, companies, tags, a second channel, and hours for the queues."""
    ana = await find_user(session, "ana@demo.ponte")
    for person in texts["people"]:
        await create_user(
            session,
            email=person["email"],
            name=person["name"],
            role=Role.AGENT,
            password_hash=ana.password_hash if ana else "",
            queues=person["queues"],
        )
    for number, name in enumerate(texts["companies"]):
        root = f"{70_100_200 + number * 31_337}0001"
        await add_company(session, root + stdnum_cnpj.calc_check_digits(root), name)
    session.add_all(
        Tag(name=each["name"], folded=fold(each["name"]), color=each["color"], created_at=begin)
        for each in texts["tags"]
    )
    session.add(Channel(kind="webchat", slug="site", name="Site", brand=BRAND, created_at=begin))
    calendar = (
        await session.execute(select(BusinessCalendar).order_by(BusinessCalendar.id).limit(1))
    ).scalar_one()
    await session.execute(update(Queue).values(calendar_id=calendar.id))
    await session.execute(update(Event).where(Event.at > begin).values(at=begin))
    await session.flush()
    queues = {}
    for slug in texts["questions"]:
        queue = await find_queue(session, slug)
        if queue is None:
            raise Conflict("Faltam filas da demonstração neste banco.")
        queues[slug] = queue.id
    agents: dict[str, list[int]] = {slug: [] for slug in queues}
    types: dict[str, list[int]] = {slug: [] for slug in queues}
    by_id = {key: slug for slug, key in queues.items()}
    for member in (await session.execute(select(QueueMember))).scalars():
        agents[by_id[member.queue_id]].append(member.user_id)
    for kind in (await session.execute(select(RequestType).where(RequestType.synthetic))).scalars():
        types[by_id[kind.queue_id or 0]].append(kind.id)
    supervisors = select(User.id).where(User.role == Role.SUPERVISOR)
    spare = (await session.execute(supervisors)).scalars().all()
    tags = (await session.execute(select(Tag.id).order_by(Tag.id))).scalars().all()
    return World(
        texts,
        queues,
        {slug: sorted(ids) or list(spare) for slug, ids in agents.items()},
        types,
        list(tags),
        calendar,
        now,
    )
