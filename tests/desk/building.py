"""Small parts of a desk for tests: a channel, people, queues, conversations, turns."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.contacts.directory import Alias
from desk.conversations.find import conversation_for
from desk.conversations.leases import Lease, take_lease
from desk.conversations.ownership import claim
from desk.conversations.receive import Inbound, Received, receive_message
from desk.conversations.tables import Conversation, Message
from desk.conversations.turns import Reply, Turn, TurnEnd, end_turn, next_turn
from desk.db import Database
from desk.events.log import SYSTEM, latest_seq
from desk.events.tables import Event
from desk.hours.calendars import CalendarDraft, add_calendar
from desk.team.tables import Queue, Role, User
from desk.team.users import create_user
from handoff.log_follower import LogFollower

LEASE_SECONDS = 60.0


async def a_channel(
    session: AsyncSession, kind: str = "webchat", slug: str = "demo", **values: Any
) -> Channel:
    """A channel of the brand Acme."""
    channel = Channel(kind=kind, slug=slug, brand="Acme", created_at=datetime.now(UTC), **values)
    session.add(channel)
    await session.flush()
    return channel


async def a_queue(session: AsyncSession, slug: str = "suporte", position: int = 0) -> Queue:
    """A queue whose name is its slug with a capital."""
    queue = Queue(slug=slug, name=slug.capitalize(), position=position)
    session.add(queue)
    await session.flush()
    return queue


async def a_user(
    session: AsyncSession,
    email: str = "ana@demo.ponte",
    role: Role = Role.AGENT,
    queues: Sequence[str] = (),
    password_hash: str = "",
) -> User:
    """A person of the team, named after the address."""
    name = email.partition("@")[0].capitalize() + " Silva"
    return await create_user(
        session, email=email, name=name, role=role, password_hash=password_hash, queues=queues
    )


async def a_conversation(
    session: AsyncSession, channel: Channel, visitor: str = "visitor", name: str | None = None
) -> Conversation:
    """The conversation of a visitor, made when it is new."""
    return await conversation_for(session, channel, Alias(channel.kind, visitor), visitor, name)


async def a_used_conversation(
    session: AsyncSession, channel: Channel, visitor: str = "visitor", name: str | None = None
) -> Conversation:
    """One in which something was said, as lists want it: who merely came is in none."""
    made = await a_conversation(session, channel, visitor, name)
    made.last_seq = made.last_message_seq = max(made.last_seq, 1)
    return made


async def a_new_conversation(database: Database, kind: str = "webchat") -> Conversation:
    """A conversation on a channel of its own, with a queue to hand it off to."""
    async with database.transaction() as session:
        if (await session.execute(select(Queue.id).limit(1))).first() is None:
            await a_queue(session)
        return await a_conversation(session, await a_channel(session, kind))


async def customer_writes(
    database: Database, conversation: Conversation, text: str, **more: Any
) -> Received:
    """One inbound message, committed."""
    async with database.transaction() as session:
        return await receive_message(session, conversation.id, Inbound(text=text, **more))


async def begin_turn(database: Database, conversation: Conversation) -> tuple[Lease, Turn]:
    """Takes the lease of a conversation that has something to do."""
    async with database.transaction() as session:
        lease = await take_lease(session, conversation.id, LEASE_SECONDS)
        turn = await next_turn(session, conversation.id)
    assert lease is not None
    assert turn is not None
    return lease, turn


async def finish_turn(
    database: Database, lease: Lease, turn: Turn, *texts: str, **end: Any
) -> bool:
    """Ends a turn with these replies."""
    async with database.transaction() as session:
        replies = [Reply(text) for text in texts]
        return await end_turn(session, lease, turn, TurnEnd(replies, **end))


async def bot_answers(database: Database, conversation: Conversation, *texts: str) -> None:
    """Works the next message as the bridge does, with these replies."""
    await finish_turn(database, *(await begin_turn(database, conversation)), *texts)


async def claimed_by(database: Database, conversation: Conversation, user: User) -> Conversation:
    """The conversation after a claim."""
    async with database.transaction() as session:
        return await claim(session, conversation.id, user)


async def messages_of(database: Database, conversation: Conversation) -> list[Message]:
    """All rows of a conversation, in order."""
    async with database.reading() as session:
        query = (
            select(Message).where(Message.conversation_id == conversation.id).order_by(Message.seq)
        )
        return list((await session.execute(query)).scalars())


async def fresh(database: Database, conversation: Conversation) -> Conversation:
    """The conversation as it stands now."""
    async with database.reading() as session:
        return await session.get_one(Conversation, conversation.id)


async def until_settled(database: Database) -> None:
    """Until the log's readers see all of it: not while somebody who records has not ended."""
    async with asyncio.timeout(60), database.reading() as session:
        newest = select(func.coalesce(func.max(Event.seq), 0))
        while await latest_seq(session) < (await session.execute(newest)).scalar_one():
            await session.rollback()
            await asyncio.sleep(0.05)


async def worked_off(database: Database, *loops: LogFollower) -> None:
    """Lets loops behind the log do everything that waits for them."""
    await until_settled(database)
    while any([await loop.step() for loop in loops]):
        continue


async def recorded_after(session: AsyncSession, seq: int, kinds: Sequence[str] = ()) -> list[Event]:
    """The log's events after a number, in order; those of the running transaction, too."""
    query = select(Event).where(Event.seq > seq).order_by(Event.seq)
    if kinds:
        query = query.where(Event.kind.in_(kinds))
    return list((await session.execute(query)).scalars())


async def closed_until(session: AsyncSession, queue: Queue, days: int) -> datetime:
    """Gives a queue hours that begin at nine, so many days from now; says when, in its zone."""
    opens = (datetime.now(UTC) + timedelta(days=days)).replace(
        hour=9, minute=0, second=0, microsecond=0
    )
    draft = CalendarDraft(
        name="Horário de teste",
        timezone="UTC",
        week={str(opens.weekday()): [["09:00", "09:01"]]},
        worked_holidays=[opens.date().isoformat()],
    )
    queue.calendar_id = (await add_calendar(session, draft, SYSTEM)).id
    await session.flush()
    return opens


async def comes_online(session: AsyncSession, user: User) -> None:
    """Somebody's console is open."""
    user.last_seen_at = datetime.now(UTC)
    await session.flush()
