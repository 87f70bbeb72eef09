"""The inbox with a hundred conversations beside one with a hundred thousand.

Everything that an agent's list asks of the desk, on the same machine and database engine, run
alternately on both; the ratio is what to look at. Made up by a fixed seed: most conversations have
ended, some are with people, one in two hundred has a tag.
"""

import asyncio
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, text

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.filters import Filters
from desk.conversations.listing import count_views, list_conversations
from desk.conversations.search.index import index_contacts, index_messages
from desk.conversations.tables import Conversation, ConversationTag, Message
from desk.db import Database
from desk.migrations import upgrade
from desk.states import Owner, Status
from desk.tags.tables import Tag
from desk.team.tables import Queue, QueueMember, Role, User
from tests.postgresql import PostgresDatabases

SMALL, LARGE = 100, 100_000
MESSAGES_EACH = 10
_BATCH = 2000
_INDEX_BATCH = 5000
_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_WORDS = 4000
_CONSONANTS, _VOWELS = "bcdfgjlmnprstvxzk", "aeiou"
_COMMON = ("oi", "bom", "dia", "obrigado", "preciso", "ajuda", "pedido", "nota", "senha", "boleto")


def _word(number: int) -> str:
    """A word of three syllables, another for each number."""
    syllables: list[str] = []
    for _ in range(3):
        number, rest = divmod(number, 20)
        syllables.append(_CONSONANTS[(rest * 7 + len(syllables) * 3) % 17] + _VOWELS[rest % 5])
    return "".join(syllables) + str(number or "")


@dataclass(frozen=True)
class Measured:
    """Median milliseconds of one question with few and with many conversations."""

    name: str
    small_ms: float
    large_ms: float


Case = Callable[[Database, User], Coroutine[Any, Any, object]]


def _listing(sort: str = "recent", **filters: Any) -> Case:
    async def ask(database: Database, viewer: User) -> object:
        async with database.reading() as session:
            wanted = Filters(sort=sort, **filters)  # type: ignore[arg-type]
            return await list_conversations(session, viewer, wanted)

    return ask


async def _refresh(database: Database, viewer: User) -> object:
    """What a console asks at each change: all counts and the first page."""
    async with database.reading() as session:
        await count_views(session, viewer, "mine")
        return await list_conversations(session, viewer, Filters(view="mine"))


async def _counts(database: Database, viewer: User) -> object:
    async with database.reading() as session:
        return await count_views(session, viewer)


async def _tenth_page(database: Database, viewer: User) -> object:
    """Ten pages, one after the other."""
    cursor: str | None = None
    for _ in range(10):
        async with database.reading() as session:
            page = await list_conversations(session, viewer, Filters(), cursor)
        cursor = page.next_cursor
        if cursor is None:
            break
    return cursor


CASES: dict[str, Case] = {
    "refresh: counts and my list": _refresh,
    "counts alone": _counts,
    "all, newest first": _listing(),
    "queue, in its order": _listing("priority", view="queue"),
    "mine": _listing(view="mine"),
    "team": _listing(view="team"),
    "bot": _listing(view="bot"),
    "open": _listing(statuses=(Status.OPEN,)),
    "closed": _listing(statuses=(Status.CLOSED,)),
    "resolved or closed": _listing(statuses=(Status.RESOLVED, Status.CLOSED)),
    "longest wait first": _listing("waiting"),
    "by priority": _listing("priority"),
    "one queue": _listing(queue_id=2),
    "one agent": _listing(assignee_id=2),
    "one channel": _listing(channel_id=2),
    "one company": _listing(company_id=3),
    "one tag": _listing(tag_id=1),
    "urgent": _listing(priority=2),
    "dissatisfied": _listing(sentiment=-1),
    "unread": _listing(unread=True),
    "opened in one week": _listing(
        opened=True, since=_NOW - timedelta(days=67), until=_NOW - timedelta(days=60)
    ),
    "channel and status and sentiment": _listing(
        channel_id=2, statuses=(Status.CLOSED,), sentiment=-1
    ),
    "ten pages": _tenth_page,
    "search: a rare word": _listing(q=_word(3999)),
    "search: two words": _listing(q=f"boleto {_word(12)}"),
    "search: a word of every tenth message": _listing(q="obrigado"),
    "search: the beginning of a common word": _listing(q="ped"),
    "search: a person": _listing(q="cliente 77"),
    "search: nothing": _listing(q="inexistente"),
}


async def measure(engine: str, samples: int, large: int = LARGE) -> dict[str, list[Measured]]:
    """Every case for a supervisor and for an agent of one of the queues."""
    async with AsyncExitStack() as stack:
        servers = PostgresDatabases() if engine == "postgresql" else None
        if servers:
            stack.push_async_callback(asyncio.to_thread, servers.drop_all)
        small_desk = await stack.enter_async_context(_desk(servers, SMALL))
        large_desk = await stack.enter_async_context(_desk(servers, large))
        results: dict[str, list[Measured]] = {}
        for role in (Role.SUPERVISOR, Role.AGENT):
            desks = [(desk, await _viewer(desk, role)) for desk in (small_desk, large_desk)]
            results[role.value] = [
                Measured(name, *(await _medians(case, desks, samples)))
                for name, case in CASES.items()
            ]
        return results


async def _medians(
    case: Case, desks: Sequence[tuple[Database, User]], samples: int
) -> tuple[float, float]:
    times: list[list[float]] = [[], []]
    for turn in range(samples + 1):
        for (database, viewer), taken in zip(desks, times, strict=True):
            before = time.perf_counter()
            await case(database, viewer)
            if turn:  # The first one compiles the statement.
                taken.append((time.perf_counter() - before) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def report(engine: str, large: int, results: dict[str, list[Measured]]) -> str:
    """A table."""
    lines = [f"Inbox on {engine}: milliseconds (median) with {SMALL} and {large} conversations"]
    for role, measured in results.items():
        lines.append(f"\n{role:<44}{SMALL:>9}{large:>10}{'ratio':>8}")
        lines += [
            f"  {each.name:<42}{each.small_ms:>9.1f}{each.large_ms:>10.1f}"
            f"{each.large_ms / each.small_ms:>8.1f}"
            for each in measured
        ]
    return "\n".join(lines)


async def _viewer(database: Database, role: Role) -> User:
    async with database.reading() as session:
        query = select(User).where(User.role == role).order_by(User.id).limit(1)
        return (await session.execute(query)).scalar_one()


@asynccontextmanager
async def _desk(servers: PostgresDatabases | None, count: int) -> AsyncIterator[Database]:
    """A database of its own with so many conversations; without a server a file."""
    with tempfile.TemporaryDirectory() as folder:
        url = servers.clone() if servers else f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        if servers is None:
            await asyncio.to_thread(upgrade, url)
        database = Database(url)
        try:
            await _fill(database, count)
            yield database
        finally:
            await database.close()


async def _fill(database: Database, count: int) -> None:
    chance = random.Random(20260302)
    async with database.transaction() as session:
        await session.execute(insert(Queue), [_queue(n) for n in range(1, 5)])
        await session.execute(insert(User), [_user(n) for n in range(1, 41)])
        await session.execute(insert(QueueMember), [{"queue_id": 2, "user_id": 2}])
        await session.execute(insert(Channel), [_channel(n) for n in (1, 2)])
        companies = [_company(n) for n in range(1, 201)]
        await session.execute(insert(Company), companies)
        await session.execute(insert(Tag), [{"name": "VIP", "folded": "vip", "created_at": _NOW}])
    for first in range(1, count + 1, _BATCH):
        numbers = range(first, min(first + _BATCH, count + 1))
        people = [
            {"id": n, "name": f"Cliente {n}", "email": f"c{n}@x.example", "created_at": _NOW}
            for n in numbers
        ]
        speaks = [{"contact_id": n, "company_id": n % 200 + 1, "created_at": _NOW} for n in numbers]
        conversations = [_conversation(n, count, chance) for n in numbers]
        messages = [row for each in conversations for row in _messages(each, chance)]
        tagged = [
            {"conversation_id": n, "tag_id": 1, "created_at": _NOW} for n in numbers if n % 200 == 0
        ]
        async with database.transaction() as session:
            await session.execute(insert(Contact), people)
            await session.execute(insert(ContactCompany), speaks)
            await session.execute(insert(Conversation), conversations)
            await session.execute(insert(Message), messages)
            if tagged:
                await session.execute(insert(ConversationTag), tagged)
    await _index(database, count)


async def _index(database: Database, count: int) -> None:
    for first in range(1, count * MESSAGES_EACH + 1, _INDEX_BATCH):
        async with database.transaction() as session:
            await index_messages(session, range(first, first + _INDEX_BATCH))
    for first in range(1, count + 1, _INDEX_BATCH):
        async with database.transaction() as session:
            await index_contacts(session, range(first, min(first + _INDEX_BATCH, count + 1)))
    if not database.is_sqlite:  # What autovacuum does by itself soon enough.
        async with database.transaction() as session:
            await session.execute(text("ANALYZE"))


def _queue(n: int) -> dict[str, Any]:
    return {"id": n, "slug": f"fila{n}", "name": f"Fila {n}", "position": n}


def _user(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "email": f"a{n}@x.example",
        "name": f"Agente {n}",
        "role": Role.SUPERVISOR if n == 1 else Role.AGENT,
        "password_hash": "",
        "created_at": _NOW,
    }


def _channel(n: int) -> dict[str, Any]:
    return {"id": n, "kind": "webchat", "slug": f"c{n}", "brand": "Acme", "created_at": _NOW}


def _company(n: int) -> dict[str, Any]:
    return {"id": n, "cnpj": f"{n:014d}", "name": f"Empresa {n}", "created_at": _NOW}


def _conversation(n: int, count: int, chance: random.Random) -> dict[str, Any]:
    """Number ``count`` is the newest; of the newest two thousand many are with people."""
    at = _NOW - timedelta(minutes=2 * (count - n))
    lively = count - n < 2000
    owner = chance.choice([Owner.BOT, Owner.QUEUE, Owner.AGENT]) if lively else Owner.BOT
    ended = owner is Owner.BOT and chance.random() < 0.9
    status = chance.choice([Status.RESOLVED, Status.CLOSED]) if ended else Status.OPEN
    with_people = owner is not Owner.BOT
    return {
        "id": n,
        "public_id": uuid.UUID(int=chance.getrandbits(128)).hex,
        "contact_id": n,
        "channel_id": 2 if n % 50 == 0 else 1,
        "external_chat": f"chat{n}",
        "status": status,
        "owner": owner,
        "queue_id": n % 4 + 1,
        "assignee_id": None if owner is Owner.QUEUE else chance.randint(2, 40),
        "priority": chance.choice([0, 0, 0, 1, 2]) if with_people else 0,
        "sentiment": chance.choice([None, 0, 1, -1]),
        "waiting_since": at if with_people and chance.random() < 0.6 else None,
        "last_seq": MESSAGES_EACH,
        "last_message_seq": MESSAGES_EACH,
        "last_contact_seq": MESSAGES_EACH - 1,
        "agent_seen_seq": chance.choice([0, MESSAGES_EACH]),
        "status_since": at,
        "last_message_at": at,
        "created_at": at - timedelta(hours=1),
    }


def _messages(conversation: dict[str, Any], chance: random.Random) -> list[dict[str, Any]]:
    first = (conversation["id"] - 1) * MESSAGES_EACH
    return [
        {
            "id": first + seq,
            "conversation_id": conversation["id"],
            "seq": seq,
            "direction": "in" if seq % 2 else "out",
            "author_kind": "contact" if seq % 2 else "bot",
            "text": f"{chance.choice(_COMMON)} " + " ".join(_rare(chance) for _ in range(6)),
            "channel_id": conversation["channel_id"],
            "external_chat": conversation["external_chat"],
            "state": "done" if seq % 2 else "sent",
            "created_at": conversation["created_at"] + timedelta(minutes=seq),
        }
        for seq in range(1, MESSAGES_EACH + 1)
    ]


def _rare(chance: random.Random) -> str:
    """Some words are said often and most seldom, as in any language."""
    return _word(int(_WORDS * chance.random() ** 3))
