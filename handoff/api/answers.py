"""The JSON that the API answers with, as the OpenAPI document describes it.

An answer may have more than is named here, and may come to have more; what is named stays.
"""

from typing import Literal

from pydantic import BaseModel

StatusName = Literal["open", "in_service", "waiting", "resolved", "closed"]
OwnerName = Literal["bot", "queue", "agent"]


class Token(BaseModel):
    """A bearer token."""

    token: str


class ContactName(BaseModel):
    """The contact of a conversation; null until somebody says a name."""

    name: str | None


class ChannelName(BaseModel):
    """The channel of a conversation."""

    id: int
    kind: str
    brand: str


class RoutingShown(BaseModel):
    """Why a conversation is in its queue.

    ``how``: request_type, learned, ticket, default, person or moved. ``example``: the typed example
    that it is like, null where that is a customer's own words (``from_chat``).
    """

    how: str
    request_type: str | None
    example: str | None
    from_chat: bool
    confidence: float | None
    person: str | None


class LevelDue(BaseModel):
    """The promise that is due first; ``due_at`` is null while it is paused."""

    kind: Literal["first_response", "next_response", "resolution"]
    state: Literal["running", "warned", "late", "paused"]
    due_at: str | None


class ConversationShown(BaseModel):
    """A conversation. Times are ISO 8601; ``sentiment`` is -1, 0, 1 or null when not known."""

    id: str
    contact: ContactName
    company: str | None
    channel: ChannelName
    status: StatusName
    owner: OwnerName
    queue: str | None
    assignee: str | None
    priority: int
    sentiment: int | None
    routing: RoutingShown | None
    tags: list[str]
    waiting_since: str | None
    reopened_at: str | None
    last_message_at: str
    created_at: str
    unread: bool
    unread_count: int
    service_level: LevelDue | None


class ConversationWhole(ConversationShown):
    """One conversation, with what the bot or an agent noted for whoever takes it over."""

    summary: str


class ConversationListed(ConversationShown):
    """A conversation of a list, with the words found, or the last ones."""

    excerpt: str


class ConversationPage(BaseModel):
    """A page; ``next_cursor`` leads to the next, null at the end."""

    conversations: list[ConversationListed]
    next_cursor: str | None


class TagsShown(BaseModel):
    """The tags of a conversation by name."""

    tags: list[str]


class Author(BaseModel):
    """Who wrote it: contact, bot, agent or system."""

    kind: str
    name: str | None


class AttachmentShown(BaseModel):
    """A file; the address expires."""

    id: int
    name: str
    mime: str
    size: int
    url: str


class QuoteShown(BaseModel):
    """The message that another one answers."""

    id: int
    seq: int
    author: Author
    text: str
    deleted: bool


class MessageShown(BaseModel):
    """A message or note, as the team reads it; ``direction`` is in or out."""

    id: int
    seq: int
    direction: Literal["in", "out"]
    author: Author
    text: str
    attachments: list[AttachmentShown]
    quote: QuoteShown | None
    created_at: str
    edited_at: str | None
    deleted: bool
    delivery: str


class MessagesShown(BaseModel):
    """Messages in order."""

    messages: list[MessageShown]


class Stored(BaseModel):
    """A message that is stored: its number, and its place in the conversation."""

    id: int
    seq: int


class MessageId(BaseModel):
    """The message that was changed."""

    id: int


class Revision(BaseModel):
    """What a message said before, until when."""

    text: str
    replaced_at: str


class Revisions(BaseModel):
    """Earlier words of a message, the oldest first."""

    revisions: list[Revision]


class PersonName(BaseModel):
    """Somebody of the team."""

    id: int
    name: str


class Mentionable(BaseModel):
    """Who may be named in a note, and (``without_access``) who does not see the conversation."""

    users: list[PersonName]
    without_access: list[PersonName]


class MessageOfContact(MessageShown):
    """A message of any of the contact's conversations."""

    conversation: str


class ContactMessages(BaseModel):
    """A page of what was written with a contact, the newest first."""

    messages: list[MessageOfContact]
    next_cursor: str | None


class TicketShown(BaseModel):
    """A ticket."""

    id: int
    number: str
    subject: str
    description: str
    status: StatusName
    contact_id: int
    company_id: int | None
    queue_id: int | None
    request_type_id: int | None
    created_at: str
    updated_at: str


class TicketListed(TicketShown):
    """A ticket of a list, with the names beside its ids."""

    contact: str | None
    company: str | None
    queue: str | None
    request_type: str | None


class TicketPage(BaseModel):
    """A page; ``next_cursor`` leads to the next, null at the end."""

    tickets: list[TicketListed]
    next_cursor: str | None


class ActionShown(BaseModel):
    """Something that was said on a ticket."""

    id: int
    author: Author
    text: str
    media_count: int
    created_at: str


class TicketFileShown(AttachmentShown):
    """A file of a ticket; ``action_id`` is null when it came with the ticket itself."""

    action_id: int | None


class TicketStory(TicketListed):
    """A ticket with every action on it and its files."""

    actions: list[ActionShown]
    files: list[TicketFileShown]


class NoticeShown(BaseModel):
    """Somebody is called; ``text`` is empty unless they let it be shown."""

    seq: int
    kind: Literal["queue", "message", "mention", "assigned"]
    conversation: str
    name: str
    text: str


class Notices(BaseModel):
    """What called the signed-in person; ``seq`` is what to ask on from."""

    seq: int
    notices: list[NoticeShown]


class Gap(BaseModel):
    """Where a filled reply lacks something: from ``start`` to ``end`` stand other words."""

    start: int
    end: int


class Filled(BaseModel):
    """A reply as it would be sent."""

    text: str
    gaps: list[Gap]


class CannedReplyShown(BaseModel):
    """A canned reply, its variables unfilled; ``filled`` only when asked for a conversation.

    ``is_macro``: it changes something besides being sent.
    """

    id: int
    scope: Literal["personal", "team", "global"]
    queue: str | None
    queue_name: str | None
    shortcut: str
    title: str
    text: str
    uses: int
    is_macro: bool
    files: list[AttachmentShown]
    filled: Filled | None = None


class CannedReplies(BaseModel):
    """Canned replies."""

    canned_replies: list[CannedReplyShown]
