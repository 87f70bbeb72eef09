"""A turn: one inbound message and what came of it, ended in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.directory import sent_state
from desk.channels.tables import Channel
from desk.contacts.portal_access import DrawnPassword, issue_credentials
from desk.conversations.append import append_message
from desk.conversations.find import lock_conversation
from desk.conversations.handoff_tickets import ticket_for_handoff
from desk.conversations.leases import Lease, check_lease
from desk.conversations.ownership import hand_off
from desk.conversations.requests import HANDOFF, STATUS, STAY_ENDED
from desk.conversations.routing.choose import queue_of_ticket
from desk.conversations.status import apply_status, status_after
from desk.conversations.tables import Conversation, Message, MessageMedia, TurnRequest
from desk.conversations.understanding import UNSURE_BELOW, Understood, keep_understanding
from desk.db import MAX_KEY
from desk.events.log import BOT, SYSTEM, by_contact, record_event
from desk.media.tables import Media
from desk.states import Owner, Status

OFFERS_REMEMBERED = 20
NEWS_TICKET = "news_ticket"

Requests = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Reply:
    """Something the bot says. ``buttons``: dicts with ``title`` and ``payload``."""

    text: str
    buttons: Sequence[dict[str, str]] = ()


@dataclass(frozen=True)
class Turn:
    """What the bridge needs to work a message."""

    message_id: int
    seq: int
    kind: str
    text: str
    payload: str | None
    data: dict[str, Any]
    attachments: list[dict[str, Any]]
    conversation_id: int
    public_id: str
    contact_id: int
    channel_kind: str
    owner: Owner
    epoch: int


@dataclass
class TurnEnd:
    """How a turn ended.

    ``failed``: the bot could not answer; the customer gets ``replies`` (the apology) from the
    desk itself and goes to the queue, with a ticket of this ``subject``. ``understood``: what the
    bot made of the message, where it tells.
    """

    replies: Sequence[Reply] = ()
    drawn: list[DrawnPassword] = field(default_factory=list)
    failed: bool = False
    failure: str = ""
    subject: str = ""
    understood: Understood | None = None


async def next_turn(session: AsyncSession, conversation_id: int) -> Turn | None:
    """The oldest unworked message of a conversation; None when there is none.

    None, too, while its files are on their way: whatever is behind it waits with it.
    """
    query = (
        select(Message, Conversation, Channel.kind)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "in",
            Message.state == "received",
        )
        .order_by(Message.seq)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = (await session.execute(query)).first()
    if row is None or row[0].due_at is not None:
        return None
    message, conversation, channel_kind = row
    return Turn(
        message_id=message.id,
        seq=message.seq,
        kind=message.kind,
        text=message.text,
        payload=message.payload,
        data=message.data | _news_of(conversation),
        attachments=await _attachments(session, message.id) if message.media_count else [],
        conversation_id=conversation.id,
        public_id=conversation.public_id,
        contact_id=conversation.contact_id,
        channel_kind=channel_kind,
        owner=conversation.owner,
        epoch=conversation.epoch,
    )


async def offered_payloads(session: AsyncSession, conversation_id: int) -> set[str]:
    """Payloads of the buttons in the bot's latest messages: only these may pass to the bot."""
    query = (
        select(Message.buttons)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "out",
            Message.author_kind == "bot",
            Message.state != "suppressed",
        )
        .order_by(Message.seq.desc())
        .limit(OFFERS_REMEMBERED)
    )
    offers = (await session.execute(query)).scalars()
    return {button["payload"] for buttons in offers for button in buttons}


async def offered_button(
    session: AsyncSession, conversation: Conversation, message_id: int, index: int
) -> dict[str, str] | None:
    """A button of a message in this conversation; None when there is none."""
    message = await session.get(Message, message_id) if 0 < message_id <= MAX_KEY else None
    if message is None or message.conversation_id != conversation.id:
        return None
    return message.buttons[index] if 0 <= index < len(message.buttons) else None


async def end_turn(
    session: AsyncSession,
    lease: Lease,
    turn: Turn,
    end: TurnEnd,
    unsure_below: float = UNSURE_BELOW,
) -> bool:
    """Stores the replies, marks the message done and applies what the actions asked for.

    Replies to a conversation that is no longer the bot's, or of an older epoch, are recorded as
    suppressed. What was understood with less confidence than ``unsure_below`` goes to the review.

    Returns:
        Whether another message waits; when none does the lease is given back.

    Raises:
        LeaseLost: another worker took over; nothing is written.
    """
    conversation = await lock_conversation(session, turn.conversation_id)
    check_lease(conversation, lease)
    current = conversation.owner is Owner.BOT and conversation.epoch == turn.epoch
    if current:
        await issue_credentials(session, conversation.public_id, end.drawn)
    state = sent_state(turn.channel_kind) if current else "suppressed"
    for reply in end.replies:
        await append_message(
            session,
            conversation,
            SYSTEM if end.failed else BOT,
            direction="out",
            state=state,
            author_kind="system" if end.failed else "bot",
            text=reply.text,
            buttons=list(reply.buttons),
            epoch=turn.epoch,
        )
    if turn.data.get(NEWS_TICKET) == conversation.news_ticket:
        conversation.news_ticket = None
    asked = await _take_requests(session, turn.message_id)
    typed = turn.kind == "message" and turn.payload is None and turn.text
    if end.understood is not None and typed:
        await keep_understanding(
            session,
            conversation.id,
            turn.message_id,
            end.understood,
            unsure_below,
            handed_off=current and HANDOFF in asked,
        )
    if current:
        await _apply_requests(session, conversation, turn, end, asked)
    await mark_done(session, turn.message_id)
    return await more_or_done(session, conversation)


async def hold_turn(session: AsyncSession, lease: Lease, turn: Turn | None) -> Conversation:
    """Holds the conversation and marks the message as done: a person answers it.

    When the person has just given the conversation back, the message stays for the bot.

    Raises:
        LeaseLost: another worker took over.
    """
    conversation = await lock_conversation(session, lease.conversation_id)
    check_lease(conversation, lease)
    if turn is not None and conversation.owner is not Owner.BOT:
        await mark_done(session, turn.message_id)
    return conversation


async def more_or_done(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether another message waits; when none does the lease is given back.

    One whose files are on their way asks for work by itself, when they are here.
    """
    waiting = (
        select(Message.due_at)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "in",
            Message.state == "received",
        )
        .order_by(Message.seq)
        .limit(1)
    )
    oldest = (await session.execute(waiting)).first()
    if oldest is not None and oldest.due_at is None:
        return True
    conversation.work_due_at = None
    conversation.lease_token = None
    conversation.lease_expires_at = None
    return False


def _news_of(conversation: Conversation) -> dict[str, str]:
    """The ticket that the customer was just told of, so that an answer is understood."""
    return {NEWS_TICKET: conversation.news_ticket} if conversation.news_ticket else {}


async def mark_done(session: AsyncSession, message_id: int) -> None:
    """The message needs no answer any more."""
    await session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(state="done")
        .execution_options(synchronize_session=False)
    )


async def _take_requests(session: AsyncSession, message_id: int) -> Requests:
    taken = await session.execute(
        delete(TurnRequest)
        .where(TurnRequest.message_id == message_id)
        .returning(TurnRequest.kind, TurnRequest.data)
        .execution_options(synchronize_session=False)
    )
    return {row.kind: row.data for row in taken}


async def _apply_requests(
    session: AsyncSession,
    conversation: Conversation,
    turn: Turn,
    end: TurnEnd,
    asked: Requests,
) -> None:
    if turn.kind == "message" and not {STAY_ENDED, STATUS} & asked.keys():
        contact = by_contact(conversation.contact_id)
        await status_after(session, conversation, "contact_wrote", contact)
    if STATUS in asked:
        await apply_status(session, conversation, Status(asked[STATUS]["status"]), BOT)
    if end.failed:
        await record_event(
            session,
            "bot.failed",
            SYSTEM,
            conversation_id=conversation.id,
            message_id=turn.message_id,
            failure=end.failure,
        )
    if end.failed and turn.kind == "message":
        ticket = await ticket_for_handoff(session, conversation, subject=end.subject)
        choice = await queue_of_ticket(session, ticket)
        await hand_off(
            session,
            conversation,
            SYSTEM,
            queue_id=choice.queue_id,
            reason="bot_failed",
            routing=choice.routing,
        )
    elif HANDOFF in asked:
        request = asked[HANDOFF]
        await hand_off(
            session,
            conversation,
            BOT,
            queue_id=request["queue_id"],
            reason=request["reason"],
            summary=request["summary"],
            routing=request.get("routing"),
        )


async def _attachments(session: AsyncSession, message_id: int) -> list[dict[str, Any]]:
    query = (
        select(Media)
        .join(MessageMedia, MessageMedia.media_id == Media.id)
        .where(MessageMedia.message_id == message_id)
        .order_by(MessageMedia.position)
    )
    return [
        {"id": media.id, "mime": media.mime, "name": media.name, "size": media.size_bytes}
        for media in (await session.execute(query)).scalars()
    ]
