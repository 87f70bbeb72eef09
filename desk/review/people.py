"""Whose names must not be read in a message: its contact's, their companies' and the team's."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.companies.tables import Company
from desk.contacts.tables import Contact, ContactCompany
from desk.conversations.tables import Conversation, Message
from desk.review.masking import People
from desk.team.tables import User


async def people_of(session: AsyncSession, message_ids: Sequence[int]) -> dict[int, People]:
    """For each of these messages; a few queries for all of them."""
    query = (
        select(Message.id, Contact.id, Contact.name)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(Message.id.in_(message_ids))
    )
    rows = (await session.execute(query)).all()
    companies: dict[int, set[str]] = defaultdict(set)
    served = (
        select(ContactCompany.contact_id, Company.name)
        .join(Company, Company.id == ContactCompany.company_id)
        .where(ContactCompany.contact_id.in_({row[1] for row in rows}))
    )
    for contact_id, name in await session.execute(served):
        companies[contact_id].add(name)
    team = set((await session.execute(select(User.name))).scalars())
    return {
        message_id: People(
            frozenset({*team, *([name] if name else [])}), frozenset(companies[contact_id])
        )
        for message_id, contact_id, name in rows
    }
