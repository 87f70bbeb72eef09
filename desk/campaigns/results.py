"""What became of a campaign: for each recipient, and counted."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.campaigns.tables import CampaignRecipient
from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation, Message
from desk.db import MAX_SMALL_KEY
from desk.keyset import read_cursor, write_cursor

MAX_PAGE = 200
RESULTS = ("waiting", "sending", "sent", "delivered", "read", "answered", "failed", "left_out")
"""answered: the customer wrote in that conversation after the message."""
_EXPORT_BATCH = 500
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class Result:
    """What became of one recipient; ``reason``: why they were left out or it failed."""

    contact_id: int
    name: str
    result: str
    reason: str
    at: datetime
    conversation: str | None


@dataclass(frozen=True)
class Progress:
    """How many recipients have which result; ``done`` are those who no longer wait."""

    total: int
    done: int
    counts: Mapping[str, int]
    left_out: Mapping[str, int]

    @property
    def percent(self) -> int:
        """Whole percent, 100 only when all are done."""
        return self.done * 100 // self.total if self.total else 0


def _result() -> ColumnElement[str]:
    return case(
        (CampaignRecipient.state == "waiting", literal("waiting")),
        (CampaignRecipient.state == "left_out", literal("left_out")),
        (Message.state == "suppressed", literal("left_out")),
        (Message.state == "failed", literal("failed")),
        (Conversation.last_contact_seq > Message.seq, literal("answered")),
        (Message.state.in_(["pending", "sending"]), literal("sending")),
        (Message.state.in_(["delivered", "read"]), Message.state),
        else_=literal("sent"),
    )


async def read_progress(session: AsyncSession, campaign_id: int) -> Progress:
    """All recipients counted in one query."""
    result = _result().label("result")
    query = (
        _joined(select(result, CampaignRecipient.reason, func.count()))
        .where(CampaignRecipient.campaign_id == campaign_id)
        .group_by(result, CampaignRecipient.reason)
    )
    counts, left_out = Counter[str](), Counter[str]()
    for name, reason, number in await session.execute(query):
        counts[name] += number
        if name == "left_out":
            left_out[reason] += number
    total = sum(counts.values())
    return Progress(total, total - counts["waiting"], dict(counts), dict(left_out))


async def list_results(
    session: AsyncSession,
    campaign_id: int,
    cursor: str | None = None,
    limit: int = 50,
    result: str = "",
) -> tuple[Sequence[Result], str | None]:
    """A page of recipients by contact, and the cursor of the next one; None at the end.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    size = max(1, min(limit, MAX_PAGE))
    after = min(read_cursor(cursor, (int,))[0], MAX_SMALL_KEY) if cursor else 0
    rows = await _page(session, campaign_id, after, size + 1, result)
    return rows[:size], write_cursor(rows[size - 1].contact_id) if len(rows) > size else None


async def walk_results(session: AsyncSession, campaign_id: int) -> AsyncIterator[Result]:
    """All recipients, read batch by batch."""
    after = 0
    while rows := await _page(session, campaign_id, after, _EXPORT_BATCH, ""):
        for row in rows:
            yield row
        after = rows[-1].contact_id


async def _page(
    session: AsyncSession, campaign_id: int, after: int, limit: int, result: str
) -> list[Result]:
    outcome = _result()
    query = _joined(
        select(
            CampaignRecipient.contact_id,
            Contact.name,
            outcome,
            CampaignRecipient.reason,
            Message.failure,
            CampaignRecipient.at,
            Conversation.public_id,
        )
    ).join(Contact, Contact.id == CampaignRecipient.contact_id)
    query = query.where(
        CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.contact_id > after
    )
    if result:
        query = query.where(outcome == result)
    query = query.order_by(CampaignRecipient.contact_id).limit(limit)
    return [
        Result(contact_id, name or "", said, reason or failure or "", at, public_id)
        for contact_id, name, said, reason, failure, at, public_id in await session.execute(query)
    ]


def _joined(query: Select[*Columns]) -> Select[*Columns]:
    return (
        query.select_from(CampaignRecipient)
        .outerjoin(Message, Message.id == CampaignRecipient.message_id)
        .outerjoin(Conversation, Conversation.id == CampaignRecipient.conversation_id)
    )
