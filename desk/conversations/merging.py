"""Two contacts turn out to be one person: what proved it moves over, audited and reversible.

A proof binds only the alias that gave it. The alias, its conversation and the tickets handled
there go to the known contact; whatever else the source has stays. A source without any alias left
gives its companies and remaining tickets, too.
"""

from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.opt_out import opt_out, opt_out_of
from desk.contacts.tables import (
    ContactAlias,
    ContactCompany,
    ContactMerge,
    PortalAccount,
)
from desk.conversations.tables import Conversation, ConversationTicket
from desk.db import upsert
from desk.errors import Conflict, NotFound
from desk.events.log import Actor, record_event
from desk.tickets.tables import Ticket


async def merge_proven(
    session: AsyncSession, conversation: Conversation, target_id: int, actor: Actor
) -> None:
    """Makes a held conversation, and the alias it is written from, the known contact's."""
    source_id = conversation.contact_id
    if source_id == target_id:
        return
    moved = {
        "conversation_id": conversation.id,
        "aliases": await _move_alias(session, conversation, source_id, target_id),
        "tickets": await _move_tickets(session, conversation, source_id, target_id),
        "companies": await _copy_companies(session, source_id, target_id),
    }
    conversation.contact_id = target_id
    if await opt_out_of(session, source_id) is not None:
        await opt_out(session, target_id, actor, "merge")
    session.add(
        ContactMerge(
            source_id=source_id, target_id=target_id, moved=moved, created_at=datetime.now(UTC)
        )
    )
    await session.flush()
    await record_event(
        session,
        "contact.merged",
        actor,
        conversation_id=conversation.id,
        source_id=source_id,
        target_id=target_id,
    )


async def revert_merge(session: AsyncSession, merge_id: int, actor: Actor) -> None:
    """Takes a merge back: what was moved returns to its former contact.

    Raises:
        NotFound: there is no such merge.
        Conflict: it was taken back already.
    """
    merge = await session.get(ContactMerge, merge_id, with_for_update=True)
    if merge is None:
        raise NotFound("Não há essa união de contatos.")
    if merge.reverted_at is not None:
        raise Conflict("Essa união de contatos já foi desfeita.")
    for kind, value in merge.moved["aliases"]:
        alias = await session.get(ContactAlias, (kind, value))
        if alias is not None and alias.contact_id == merge.target_id:
            alias.contact_id = merge.source_id
    await session.execute(
        update(Conversation)
        .where(Conversation.id == merge.moved["conversation_id"])
        .values(contact_id=merge.source_id)
    )
    await session.execute(
        update(Ticket)
        .where(Ticket.id.in_(merge.moved["tickets"]))
        .values(contact_id=merge.source_id)
    )
    await session.execute(
        delete(ContactCompany).where(
            ContactCompany.contact_id == merge.target_id,
            ContactCompany.company_id.in_(merge.moved["companies"]),
        )
    )
    merge.reverted_at = datetime.now(UTC)
    await session.flush()
    await record_event(
        session,
        "contact.merge_reverted",
        actor,
        conversation_id=merge.moved["conversation_id"],
        source_id=merge.source_id,
        target_id=merge.target_id,
    )


async def _move_alias(
    session: AsyncSession, conversation: Conversation, source_id: int, target_id: int
) -> list[list[str]]:
    query = select(ContactAlias).where(ContactAlias.contact_id == source_id)
    aliases = (await session.execute(query)).scalars().all()
    if len(aliases) > 1:  # only the one that this chat is written from gave the proof
        aliases = [alias for alias in aliases if alias.value == conversation.external_chat]
    for alias in aliases:
        alias.contact_id = target_id
    await session.flush()
    return [[alias.kind, alias.value] for alias in aliases]


async def _move_tickets(
    session: AsyncSession, conversation: Conversation, source_id: int, target_id: int
) -> list[int]:
    here = select(ConversationTicket.ticket_id).where(
        ConversationTicket.conversation_id == conversation.id
    )
    condition = Ticket.contact_id == source_id
    if await _has_aliases(session, source_id):
        condition &= Ticket.id.in_(here)
    moved = await session.execute(
        update(Ticket)
        .where(condition)
        .values(contact_id=target_id)
        .returning(Ticket.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(moved.scalars())


async def _copy_companies(session: AsyncSession, source_id: int, target_id: int) -> list[int]:
    """Companies that the source brought and the target did not have.

    Only a contact without a portal account was linked by what it typed here, in this chat.
    """
    owns_account = select(PortalAccount.id).where(PortalAccount.contact_id == source_id)
    if (await session.execute(owns_account)).first() is not None:
        return []
    wanted = select(ContactCompany.company_id).where(ContactCompany.contact_id == source_id)
    added = []
    for company_id in (await session.execute(wanted)).scalars().all():
        insert = upsert(session)
        row = insert(ContactCompany).values(
            contact_id=target_id, company_id=company_id, created_at=datetime.now(UTC)
        )
        made = await session.execute(
            row.on_conflict_do_nothing().returning(ContactCompany.company_id)
        )
        if made.scalar_one_or_none() is not None:
            added.append(company_id)
    return added


async def _has_aliases(session: AsyncSession, contact_id: int) -> bool:
    query = select(func.count()).where(ContactAlias.contact_id == contact_id)
    return bool((await session.execute(query)).scalar_one())
