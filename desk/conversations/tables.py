"""Tables of conversations and what belongs to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from desk.channels.tables import Channel
from desk.contacts.tables import Contact
from desk.db import Base, BigKey
from desk.media.tables import Media, MediaFetch
from desk.states import Owner, Status
from desk.tags.tables import Tag
from desk.team.tables import Queue, User
from desk.tickets.tables import Ticket, status_column

_WAITS_FOR_BRIDGE = sql("work_due_at IS NOT NULL")
_WAITS_FOR_OUTBOX = sql("direction = 'out' AND state IN ('pending', 'sending')")
_WAITS_FOR_TURN = sql("direction = 'in' AND state = 'received'")
_WITH_PEOPLE = sql("owner <> 'bot'")
_WAITS_FOR_ANSWER = sql("waiting_since IS NOT NULL")
_REOPENED = sql("reopened_at IS NOT NULL")
_WITH_PRIORITY = sql("priority <> 0")
_WITH_SENTIMENT = sql("sentiment IS NOT NULL")
_REVIEW_DUE = sql("review_due")
_WITH_DEADLINE = sql("service_due_at IS NOT NULL")


def _in_order(column: str) -> Index:
    """All rows of one value of a column, by their newest message."""
    return Index(f"ix_conversations_{column}_last_message_at_id", column, "last_message_at", "id")


def values_of(owners: type[Owner]) -> list[str]:
    """Enums are stored by value."""
    return [owner.value for owner in owners]


class Conversation(Base):
    """All that a contact and we say to each other on one channel.

    One for a contact and channel; a person who proved to be a known contact from a second browser
    has a second one there, since both browsers go on.

    ``owner`` and ``epoch`` are the ownership ledger: the epoch rises at every change of owner,
    and a bot reply of an older epoch is never delivered. ``work_due_at`` is set while an inbound
    message waits for its turn; the lease lets one worker at a time take them.

    In its queue the highest ``priority`` goes first, then the highest ``queue_rank`` (what a
    supervisor reordered), then who waits longest. ``sentiment``: -1 dissatisfied, 0 neutral, 1
    satisfied, None not felt yet. ``routing``: why it is in its queue, in ids and figures
    (``routing/choose.py``). ``reopened_at``: a customer wrote after the end, and no agent
    has answered yet. ``service_due_at``: when the first of its service levels is due (`levels`).
    """

    __tablename__ = "conversations"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(40), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey(Contact.id), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id))
    external_chat: Mapped[str] = mapped_column(String(254))
    status: Mapped[Status] = mapped_column(status_column(), default=Status.OPEN)
    status_since: Mapped[datetime]
    owner: Mapped[Owner] = mapped_column(
        Enum(Owner, native_enum=False, length=10, values_callable=values_of),
        default=Owner.BOT,
    )
    epoch: Mapped[int] = mapped_column(default=1)
    queue_id: Mapped[int | None] = mapped_column(ForeignKey(Queue.id))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    priority: Mapped[int] = mapped_column(default=0)
    queue_rank: Mapped[int] = mapped_column(default=0)
    sentiment: Mapped[int | None]
    summary: Mapped[str] = mapped_column(Text, default="")
    routing: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reopened_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]
    service_due_at: Mapped[datetime | None]
    queue_notice_at: Mapped[datetime | None]
    news_ticket: Mapped[str | None] = mapped_column(String(20))
    last_seq: Mapped[int] = mapped_column(default=0)
    last_contact_seq: Mapped[int] = mapped_column(default=0)
    agent_seen_seq: Mapped[int] = mapped_column(default=0)
    last_message_seq: Mapped[int] = mapped_column(default=0)
    last_message_at: Mapped[datetime]
    created_at: Mapped[datetime]
    work_due_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_expires_at: Mapped[datetime | None]
    lease_inherited: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("channel_id", "external_chat"),
        Index("ix_conversations_channel_id_contact_id", "channel_id", "contact_id"),
        Index("ix_conversations_last_message_at_id", "last_message_at", "id"),
        Index("ix_conversations_status_last_message_at_id", "status", "last_message_at", "id"),
        Index("ix_conversations_owner_queue", "owner", "queue_id", "priority", "waiting_since"),
        # What the lists of `listing.py` walk in order; each ends with the keyset's own columns.
        _in_order("queue_id"),
        Index(
            "ix_conversations_queue_id_status_last_message_at_id",
            "queue_id",
            "status",
            "last_message_at",
            "id",
        ),
        _in_order("assignee_id"),
        _in_order("channel_id"),
        Index("ix_conversations_created_at_id", "created_at", "id"),
        Index(
            "ix_conversations_people",
            "owner",
            "assignee_id",
            "last_message_at",
            "id",
            "queue_id",  # These two only spare the row when it is counted.
            "status",
            postgresql_where=_WITH_PEOPLE,
            sqlite_where=_WITH_PEOPLE,
        ),
        Index(
            "ix_conversations_waiting",
            "waiting_since",
            "id",
            postgresql_where=_WAITS_FOR_ANSWER,
            sqlite_where=_WAITS_FOR_ANSWER,
        ),
        Index(
            "ix_conversations_reopened",
            "last_message_at",
            "id",
            postgresql_where=_REOPENED,
            sqlite_where=_REOPENED,
        ),
        Index(
            "ix_conversations_priority",
            "priority",
            "last_message_at",
            "id",
            postgresql_where=_WITH_PRIORITY,
            sqlite_where=_WITH_PRIORITY,
        ),
        Index(
            "ix_conversations_sentiment",
            "sentiment",
            "last_message_at",
            "id",
            postgresql_where=_WITH_SENTIMENT,
            sqlite_where=_WITH_SENTIMENT,
        ),
        Index(
            "ix_conversations_service_due_at",
            "service_due_at",
            "id",
            postgresql_where=_WITH_DEADLINE,
            sqlite_where=_WITH_DEADLINE,
        ),
        Index("ix_conversations_owner_assignee_id_status", "owner", "assignee_id", "status"),
        Index(
            "ix_conversations_work_due_at",
            "work_due_at",
            postgresql_where=_WAITS_FOR_BRIDGE,
            sqlite_where=_WAITS_FOR_BRIDGE,
        ),
    )


class Message(Base):
    """One message; ``seq`` counts within its conversation, in both directions.

    ``kind``: message, note (team only), internal (from the desk to the bot).
    ``state`` of an inbound one: received, done. Of an outbound one: pending, sending, sent,
    delivered, read, failed, suppressed (recorded, never delivered). ``due_at`` of an outbound one:
    when it may be tried; of an inbound one: it is held until its files, or the rest of its album,
    are here, and the messages behind it wait.
    """

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    seq: Mapped[int]
    direction: Mapped[str] = mapped_column(String(3))
    kind: Mapped[str] = mapped_column(String(10), default="message")
    author_kind: Mapped[str] = mapped_column(String(10))
    author_user_id: Mapped[int | None] = mapped_column(ForeignKey(User.id), index=True)
    text: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    media_count: Mapped[int] = mapped_column(default=0)
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    client_id: Mapped[str | None] = mapped_column(String(64))
    body_hash: Mapped[str] = mapped_column(String(64), default="")
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id))
    external_chat: Mapped[str] = mapped_column(String(254))
    provider_id: Mapped[str | None] = mapped_column(String(200))
    epoch: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    sentiment: Mapped[int | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    hidden_from_contact: Mapped[bool] = mapped_column(default=False)
    hidden_from_team: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "client_id"),
        Index(
            "uq_messages_provider",
            "channel_id",
            "external_chat",
            "provider_id",
            "direction",
            unique=True,
            postgresql_where=sql("provider_id IS NOT NULL"),
            sqlite_where=sql("provider_id IS NOT NULL"),
        ),
        Index(
            "ix_messages_outbox",
            "conversation_id",
            "seq",
            postgresql_where=_WAITS_FOR_OUTBOX,
            sqlite_where=_WAITS_FOR_OUTBOX,
        ),
        Index(
            "ix_messages_outbox_id",
            "id",
            postgresql_where=_WAITS_FOR_OUTBOX,
            sqlite_where=_WAITS_FOR_OUTBOX,
        ),
        Index(
            "ix_messages_turns",
            "conversation_id",
            "seq",
            postgresql_where=_WAITS_FOR_TURN,
            sqlite_where=_WAITS_FOR_TURN,
        ),
    )


class Understanding(Base):
    """What the bot understood of a customer's message, and what it did.

    ``confidence`` is that of the best guess, also where the bot fell back. ``form`` names the slot
    that was being asked for. ``rephrased``: it asked to say it in other words; ``handed_off``: it
    called a person. ``reason``: why a designer should look at it (``understanding.REASONS``), empty
    when nobody need; ``review_due`` until it lies among what is reviewed. Names and numbers only.
    """

    __tablename__ = "understandings"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    conversation_id: Mapped[int] = mapped_column(ForeignKey(Conversation.id, ondelete="CASCADE"))
    at: Mapped[datetime]
    intent: Mapped[str] = mapped_column(String(120))
    confidence: Mapped[float]
    ranking: Mapped[list[Any]] = mapped_column(JSON)
    entities: Mapped[list[str]] = mapped_column(JSON)
    actions: Mapped[list[str]] = mapped_column(JSON)
    responses: Mapped[list[str]] = mapped_column(JSON)
    form: Mapped[str] = mapped_column(String(120), default="")
    rephrased: Mapped[bool] = mapped_column(default=False)
    handed_off: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(12), default="")
    review_due: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index(
            "ix_understandings_conversation_id_message_id",
            "conversation_id",
            "message_id",
        ),
        Index("ix_understandings_at", "at", "intent"),
        Index(
            "ix_understandings_review_due",
            "message_id",
            postgresql_where=_REVIEW_DUE,
            sqlite_where=_REVIEW_DUE,
        ),
    )


class MessageMedia(Base):
    """A file of a message."""

    __tablename__ = "message_media"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey(Media.id), index=True)


class MessagePart(Base):
    """A piece of a message as its provider knows it.

    Inbound: a picture of an album, a file that is being fetched (``fetch_id``). Outbound: what has
    been sent of a long text or of several files, so that a failure resends only the rest.
    ``kind``: text, caption (a file that bears the words), file. ``position`` orders, with gaps.
    """

    __tablename__ = "message_parts"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    channel_id: Mapped[int] = mapped_column(ForeignKey(Channel.id))
    external_chat: Mapped[str] = mapped_column(String(254))
    provider_id: Mapped[str] = mapped_column(String(200))
    fetch_id: Mapped[int | None] = mapped_column(
        ForeignKey(MediaFetch.id, ondelete="SET NULL"), index=True
    )

    __table_args__ = (
        Index("ix_message_parts_provider", "channel_id", "external_chat", "provider_id"),
    )


class MessageEdit(Base):
    """An edited message whose new words the provider must still be told; ends when it was told."""

    __tablename__ = "message_edits"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(default=1)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(index=True)


class MessageRevision(Base):
    """What a message said before it was edited."""

    __tablename__ = "message_revisions"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]


class Mention(Base):
    """A note names a colleague, who has seen it or not yet."""

    __tablename__ = "mentions"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), index=True
    )
    seen_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_mentions_user_id_seen_at", "user_id", "seen_at"),)


class ConversationTag(Base):
    """A tag on a conversation."""

    __tablename__ = "conversation_tags"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), primary_key=True
    )
    tag_id: Mapped[int] = mapped_column(
        ForeignKey(Tag.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[datetime]


class ConversationTicket(Base):
    """A ticket was handled in a conversation; one that the handoff itself made ends with it."""

    __tablename__ = "conversation_tickets"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), primary_key=True
    )
    ticket_id: Mapped[int] = mapped_column(
        ForeignKey(Ticket.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    made_by_handoff: Mapped[bool] = mapped_column(default=False)


class TurnRequest(Base):
    """What the bot's actions asked for in a turn; the bridge applies it when the turn ends."""

    __tablename__ = "turn_requests"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class PerformedAction(Base):
    """An action's desk writes for a message were done, with this result."""

    __tablename__ = "performed_actions"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True
    )
    action: Mapped[str] = mapped_column(String(80), primary_key=True)
    result: Mapped[dict[str, Any]] = mapped_column(JSON)


class MacroUse(Base):
    """A macro was applied under a client's own id: the same id applies it once."""

    __tablename__ = "macro_uses"

    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), primary_key=True
    )
    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reply_id: Mapped[int]
    body_hash: Mapped[str] = mapped_column(String(64))
    changed: Mapped[list[str]] = mapped_column(JSON)
    message_id: Mapped[int | None] = mapped_column(ForeignKey(Message.id, ondelete="CASCADE"))
    applied_at: Mapped[datetime]

    __table_args__ = (Index("ix_macro_uses_message_id", "message_id"),)


class Rating(Base):
    """What the customer thought of a service, 1 to 5."""

    __tablename__ = "ratings"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), index=True
    )
    agent_id: Mapped[int | None] = mapped_column(ForeignKey(User.id), index=True)
    score: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]


class WebchatSession(Base):
    """A browser that may read and write one conversation."""

    __tablename__ = "webchat_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
