"""What a list of conversations is narrowed to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from desk.contacts.tables import ContactCompany
from desk.conversations.access import Viewer
from desk.conversations.tables import Conversation, ConversationTag, Mention
from desk.states import ACTIVE, ENDED, Owner, Status

View = Literal["", "queue", "mine", "team", "bot"]
Sort = Literal["recent", "waiting", "priority", "deadline"]
Level = Literal["", "any", "late"]
_WITH_DEADLINE: ColumnElement[bool] = text(  # type: ignore[assignment]
    "conversations.service_due_at IS NOT NULL"
)
SMALL = 2000
"""So many conversations are read and sorted at once; of more, an index is walked in order."""


@dataclass(frozen=True)
class Filters:
    """What a list shows; None or empty means all. Ids are the database's.

    ``view``: queue (waits for a person), mine, team (other agents'), bot (active, with the bot),
    or empty for all. Mine and the team's are the active ones unless an ended status is asked for.
    ``since`` and ``until`` (not included) bound the newest message, or with ``opened`` the first
    contact. ``sort``: recent (newest message first; what was reopened on top of the open ones;
    people before messages in a search), waiting (longest wait first, then the rest), priority
    (the order of the queue, then the rest by priority), deadline (due first, then the rest).
    ``level``: any (a service level runs) or late (one is past its time).
    """

    view: View = ""
    statuses: Sequence[Status] = ()
    queue_id: int | None = None
    assignee_id: int | None = None
    company_id: int | None = None
    channel_id: int | None = None
    priority: int | None = None
    sentiment: int | None = None
    tag_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    opened: bool = False
    unread: bool = False
    mentioned: bool = False
    level: Level = ""
    q: str = ""
    sort: Sort = "recent"

    @property
    def wants_ended(self) -> bool:
        """Whether an ended status was asked for by name."""
        return any(status in ENDED for status in self.statuses)

    @property
    def only_people(self) -> bool:
        """Whether nothing that the bot has can be among them."""
        by_view = self.view == "queue" or (self.view in ("mine", "team") and not self.wants_ended)
        return by_view or self.unread

    def within(self, view: View, statuses: Sequence[Status]) -> "Filters":
        """Another view of the same."""
        return replace(self, view=view, statuses=tuple(statuses))


class unindexed(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function it is
    """A column by whose index SQLite shall not search.

    Without statistics it takes any equality for very selective: it would read and sort half of
    the table instead of walking the index that has the rows in order already. PostgreSQL has
    statistics.
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed)
def _as_term(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
    return f"+{compiler.process(element.clauses, **kw)}"


@compiles(unindexed, "postgresql")
def _as_column(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


def conditions_of(filters: Filters, viewer: Viewer) -> list[ColumnElement[bool]]:
    """What a conversation of this list fulfils, but for what `narrow` and the words are for."""
    owner, assignee = unindexed(Conversation.owner), unindexed(Conversation.assignee_id)
    status = unindexed(Conversation.status)
    # An ended one keeps the agent who ended it, but is with the bot again.
    with_agent = or_(owner == Owner.AGENT, status.in_(ENDED)) if filters.wants_ended else None
    taken = owner == Owner.AGENT if with_agent is None else with_agent
    views: dict[str, list[ColumnElement[bool]]] = {
        "queue": [owner == Owner.QUEUE],
        "mine": [taken, assignee == viewer.id],
        "team": [taken, assignee != viewer.id],
        "bot": [owner == Owner.BOT, status.in_(ACTIVE)],
    }
    conditions = list(views.get(filters.view, []))
    if filters.view in ("", "bot"):
        # Who merely opened a chat is no service.
        conditions.append(or_(Conversation.last_message_seq > 0, owner != Owner.BOT))
    if filters.statuses:
        conditions.append(status.in_(filters.statuses))
    for column, value in (
        (Conversation.queue_id, filters.queue_id),
        (Conversation.assignee_id, filters.assignee_id),
        (Conversation.channel_id, filters.channel_id),
        (Conversation.priority, filters.priority),
        (Conversation.sentiment, filters.sentiment),
    ):
        if value is not None:
            conditions.append(unindexed(column) == value)
    if filters.unread:
        unread = Conversation.last_contact_seq > Conversation.agent_seen_seq
        conditions += [owner != Owner.BOT, unread]
    if not filters.opened:
        if filters.since is not None:
            conditions.append(Conversation.last_message_at >= filters.since)
        if filters.until is not None:
            conditions.append(Conversation.last_message_at < filters.until)
    return conditions


@dataclass(frozen=True)
class Narrowed:
    """The few conversations that can be in the list (None: there are many), and what else holds."""

    ids: Collection[int] | None
    conditions: Sequence[ColumnElement[bool]]


async def narrow(session: AsyncSession, filters: Filters, viewer: Viewer) -> Narrowed:
    """By company, tag, deadline, mention, opening: looked up what names few conversations.

    Otherwise it is a condition under which an index is walked in order.
    """
    ids: set[int] | None = None
    conditions: list[ColumnElement[bool]] = []
    for few, otherwise in _narrowings(filters, viewer):
        found = (await session.execute(few.limit(SMALL + 1))).scalars().all()
        if len(found) > SMALL:
            conditions.append(otherwise)
        else:
            ids = set(found) if ids is None else ids & set(found)
    return Narrowed(ids, conditions)


def _narrowings(filters: Filters, viewer: Viewer) -> list[tuple[Any, ColumnElement[bool]]]:
    narrowings: list[tuple[Any, ColumnElement[bool]]] = []
    if filters.tag_id is not None:
        tagged = ConversationTag.tag_id == filters.tag_id
        here = ConversationTag.conversation_id == Conversation.id
        narrowings.append(
            (select(ConversationTag.conversation_id).where(tagged), _exists(tagged, here))
        )
    if filters.company_id is not None:
        speaks = ContactCompany.company_id == filters.company_id
        here = ContactCompany.contact_id == Conversation.contact_id
        few = select(Conversation.id).join(ContactCompany, here).where(speaks)
        narrowings.append((few, _exists(speaks, here)))
    if filters.level:
        due = Conversation.service_due_at
        wanted = due < datetime.now(UTC) if filters.level == "late" else due.is_not(None)
        narrowings.append((select(Conversation.id).where(_WITH_DEADLINE, wanted), wanted))
    if filters.mentioned:
        named = Mention.user_id == viewer.id
        here = Mention.conversation_id == Conversation.id
        few = select(Mention.conversation_id).where(named).distinct()
        narrowings.append((few, _exists(named, here)))
    if filters.opened and (filters.since or filters.until):
        created = Conversation.created_at
        since = created >= filters.since if filters.since else true()
        until = created < filters.until if filters.until else true()
        narrowings.append((select(Conversation.id).where(since, until), and_(since, until)))
    return narrowings


def _exists(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(*conditions).correlate(Conversation)
