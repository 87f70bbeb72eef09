"""Keeps the search index: what each message and each person is found by."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.portal_access import hide_credentials
from desk.contacts.tables import Contact, ContactAlias, ContactCompany
from desk.conversations.search.tables import MessageWords
from desk.conversations.search.words import number_words, words_of
from desk.conversations.tables import Conversation, Message
from desk.db import upsert
from desk.events.cursors import move_cursor, read_cursor
from desk.events.tables import Event, EventCursor

# Aliases that people know and type; a visitor's is a hash.
_KNOWN_ALIASES = ("whatsapp_cloud", "evolution", "whatsapp", "phone", "telegram")

_MESSAGE_SQLITE = text(
    "INSERT INTO message_words (message_id, conversation_id, words)"
    " VALUES (:id, :conversation_id, :words) ON CONFLICT (message_id)"
    " DO UPDATE SET conversation_id = excluded.conversation_id, words = excluded.words"
    " WHERE message_words.words <> excluded.words"
)
_MESSAGE_POSTGRESQL = text(
    "INSERT INTO message_words (message_id, conversation_id, words)"
    " VALUES (:id, :conversation_id, array_to_tsvector(CAST(:words AS text[])))"
    " ON CONFLICT (message_id)"
    " DO UPDATE SET conversation_id = excluded.conversation_id, words = excluded.words"
)
_CONTACT_SQLITE = text(
    "INSERT INTO contact_words (contact_id, words) VALUES (:id, :words)"
    " ON CONFLICT (contact_id) DO UPDATE SET words = excluded.words"
    " WHERE contact_words.words <> excluded.words"
)
_CONTACT_POSTGRESQL = text(
    "INSERT INTO contact_words (contact_id, words)"
    " VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
    " ON CONFLICT (contact_id) DO UPDATE SET words = excluded.words"
)


async def index_changes(session: AsyncSession, events: Sequence[Event]) -> int:
    """Brings the index up to what these events speak of; says how many rows were looked at."""
    message_ids: set[int] = set()
    contact_ids: set[int] = set()
    conversation_ids: set[int] = set()
    company_ids: set[int] = set()
    for event in events:
        subject, _, _ = event.kind.partition(".")
        data = event.data
        if subject == "message" and "message_id" in data:
            message_ids.add(data["message_id"])
        elif event.kind == "conversation.created" and event.conversation_id is not None:
            conversation_ids.add(event.conversation_id)
        elif subject == "contact":
            ids = (data.get(key) for key in ("contact_id", "id", "source_id", "target_id"))
            contact_ids |= {each for each in ids if isinstance(each, int)}
        elif subject == "company" and isinstance(data.get("id"), int):
            company_ids.add(data["id"])
    contact_ids |= await _contacts_of(session, conversation_ids, company_ids)
    await index_messages(session, message_ids)
    await index_contacts(session, contact_ids)
    return len(message_ids) + len(contact_ids)


async def index_messages(session: AsyncSession, message_ids: Collection[int]) -> None:
    """Indexes these messages as they stand; what the team may not read leaves the index."""
    if not message_ids:
        return
    query = select(
        Message.id, Message.conversation_id, Message.text, Message.kind, Message.hidden_from_team
    ).where(Message.id.in_(message_ids))
    kept: list[dict[str, Any]] = []
    gone = set(message_ids)
    for row in await session.execute(query):
        readable = row.kind != "internal" and not row.hidden_from_team
        if readable and (words := words_of(hide_credentials(row.text))):
            kept.append({"id": row.id, "conversation_id": row.conversation_id, "words": words})
            gone.discard(row.id)
    if gone:
        await session.execute(delete(MessageWords).where(MessageWords.message_id.in_(gone)))
    await _write(session, kept, _MESSAGE_SQLITE, _MESSAGE_POSTGRESQL)


async def index_contacts(session: AsyncSession, contact_ids: Collection[int]) -> None:
    """Indexes these people: name, addresses, numbers, companies."""
    if not contact_ids:
        return
    texts: dict[int, list[str]] = {}
    people = select(Contact.id, Contact.name, Contact.email, Contact.phone)
    for row in await session.execute(people.where(Contact.id.in_(contact_ids))):
        texts[row.id] = [row.name or "", row.email or "", row.phone or ""]
        texts[row.id] += number_words(row.phone or "")
    aliases = select(ContactAlias.contact_id, ContactAlias.value).where(
        ContactAlias.contact_id.in_(contact_ids), ContactAlias.kind.in_(_KNOWN_ALIASES)
    )
    for alias in await session.execute(aliases):
        texts[alias.contact_id] += [alias.value, *number_words(alias.value)]
    companies = (
        select(ContactCompany.contact_id, Company.name, Company.cnpj)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id.in_(contact_ids))
    )
    for company in await session.execute(companies):
        groups = _cnpj_groups(company.cnpj)
        texts[company.contact_id] += [company.name, company.cnpj, *groups]
    rows = [{"id": key, "words": words_of(" ".join(value))} for key, value in texts.items()]
    await _write(session, rows, _CONTACT_SQLITE, _CONTACT_POSTGRESQL)


async def begin_backfill(session: AsyncSession, name: str, table: Any) -> None:
    """Notes that everything up to now is to be indexed, newest first, if it was not noted yet."""
    newest = (await session.execute(select(func.coalesce(func.max(table.id), 0)))).scalar_one()
    insert = upsert(session)
    row = insert(EventCursor).values(name=name, seq=newest + 1)
    await session.execute(row.on_conflict_do_nothing())


async def backfill(session: AsyncSession, name: str, table: Any, batch: int) -> bool:
    """Indexes the next older rows of messages or contacts; False when nothing is left."""
    below = await read_cursor(session, name)
    if below == 0:
        return False
    query = select(table.id).where(table.id < below).order_by(table.id.desc()).limit(batch)
    ids = list((await session.execute(query)).scalars())
    if not await move_cursor(session, name, before=below, after=ids[-1] if ids else 0):
        return True
    await (index_messages if table is Message else index_contacts)(session, ids)
    return bool(ids)


async def _contacts_of(
    session: AsyncSession, conversation_ids: set[int], company_ids: set[int]
) -> set[int]:
    contacts: set[int] = set()
    if conversation_ids:
        query = select(Conversation.contact_id).where(Conversation.id.in_(conversation_ids))
        contacts |= set((await session.execute(query)).scalars())
    if company_ids:
        members = select(ContactCompany.contact_id)
        query = members.where(ContactCompany.company_id.in_(company_ids))
        contacts |= set((await session.execute(query)).scalars())
    return contacts


def _cnpj_groups(cnpj: str) -> list[str]:
    """The groups in which it is written: 11.222.333/0001-81."""
    return [cnpj[:2], cnpj[2:5], cnpj[5:8], cnpj[8:12], cnpj[12:]]


async def _write(
    session: AsyncSession, rows: list[dict[str, Any]], sqlite: Any, postgresql: Any
) -> None:
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(postgresql, rows)
        return
    joined = [{**row, "words": " ".join(row["words"])} for row in rows]
    await session.execute(sqlite, joined)
