"""The list of conversations: views with their counts, statuses, and rows in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.listing import (
    MOST_COUNTED,
    count_views,
    list_conversations,
    still_listed,
)
from desk.conversations.priority import NORMAL, priority_label
from desk.conversations.rows import ConversationRow, RowTag
from desk.conversations.search.words import Piece
from desk.states import Owner, Status
from desk.team.tables import User
from handoff.console import wording
from handoff.console.inbox_filters import Chip, chips_of
from handoff.console.inbox_state import VIEWS, InboxState
from handoff.console.levels import LevelMark, level_mark
from handoff.i18n import N_, _

PAGE_ROWS = 50
MOST_SHOWN = 400
"""Rows that are read anew at once for somebody who had turned many pages."""

_EMPTY = {
    "queue": ("check", N_("Ninguém espera na fila.")),
    "mine": ("hand", N_("Você não está com nenhuma conversa. Assuma uma da fila.")),
    "team": ("person", N_("Nenhuma conversa com outras pessoas da equipe.")),
    "bot": ("bot", N_("Nenhuma conversa com a assistente agora.")),
    "all": ("chat", N_("Nenhuma conversa ainda.")),
}
_SENTIMENTS: dict[int | None, tuple[str, str]] = {
    -1: ("sad", N_("Insatisfeito")),
    0: ("neutral", N_("Neutro")),
    1: ("happy", N_("Satisfeito")),
}
_SHOWN_TAGS = 3


@dataclass(frozen=True)
class Tab:
    """A view or a status, and how many conversations it holds as far as that was counted."""

    key: str
    label: str
    count: str
    query: str
    current: bool


@dataclass(frozen=True)
class InboxRow:
    """A conversation in the list, in words."""

    public_id: str
    name: str
    initials: str
    company: str
    channel_kind: str
    channel: str
    excerpt: str
    found: Sequence[Piece]
    when: str
    when_full: str
    waiting: str
    level: LevelMark | None
    status: str
    status_label: str
    holder: str
    priority: int
    priority_label: str
    sentiment_icon: str
    sentiment: str
    reopened: bool
    tags: Sequence[RowTag]
    more_tags: int
    unread: str
    current: bool


@dataclass(frozen=True)
class Inbox:
    """What the left side of the console shows."""

    state: InboxState
    query: str
    views: list[Tab]
    statuses: list[Tab]
    chips: list[Chip]
    clear_query: str
    rows: list[InboxRow]
    checked: list[InboxRow]
    waiting: int
    next_cursor: str
    filter_count: int
    empty_icon: str
    empty_text: str


async def read_inbox(
    session: AsyncSession,
    viewer: User,
    state: InboxState,
    *,
    open_id: str = "",
    shown: int = PAGE_ROWS,
    check: Sequence[str] = (),
    zone: ZoneInfo,
    now: datetime,
) -> Inbox:
    """One state of the inbox as this viewer may see it.

    ``shown``: how many rows the reader has before them already. ``check``: conversations further
    down that may have changed; those that still belong there come back in ``checked``.
    """
    filters = state.filters(zone)
    counts = await count_views(session, viewer, filters.view)
    rows, cursor = await _first_rows(session, viewer, state, zone, shown)
    checked = await still_listed(session, viewer, filters, check) if check else []
    chips = await chips_of(session, state, now)
    icon, text = _EMPTY[state.view]
    if state.is_narrowed or state.statuses:
        icon, text = "search", _nothing_found(state)
    return Inbox(
        state=state,
        query=state.query,
        views=_views(state, counts),
        statuses=_statuses(state, counts),
        chips=chips,
        clear_query=InboxState(state.view, (), "", {}).query,
        rows=[_row(row, state, open_id, zone, now) for row in rows],
        checked=[_row(row, state, open_id, zone, now) for row in checked],
        waiting=counts["queue"],
        next_cursor=cursor or "",
        filter_count=len([chip for chip in chips if chip.name != "q"]),
        empty_icon=icon,
        empty_text=_(text),
    )


async def read_more(
    session: AsyncSession,
    viewer: User,
    state: InboxState,
    cursor: str,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> tuple[list[InboxRow], str]:
    """The rows behind a cursor, and the cursor behind these.

    Raises:
        Invalid: the cursor is not one of this list's.
    """
    filters = state.filters(zone)
    page = await list_conversations(session, viewer, filters, cursor, PAGE_ROWS)
    return [_row(row, state, "", zone, now) for row in page.rows], page.next_cursor or ""


async def _first_rows(
    session: AsyncSession, viewer: User, state: InboxState, zone: ZoneInfo, shown: int
) -> tuple[list[ConversationRow], str | None]:
    rows: list[ConversationRow] = []
    cursor: str | None = None
    wanted = max(PAGE_ROWS, min(shown, MOST_SHOWN))
    while len(rows) < wanted:
        limit = min(2 * PAGE_ROWS, wanted - len(rows))
        page = await list_conversations(session, viewer, state.filters(zone), cursor, limit)
        rows += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    return rows, cursor


def counted(number: int) -> str:
    """A count as far as it was counted."""
    return f"{MOST_COUNTED - 1}+" if number >= MOST_COUNTED else str(number)


def _views(state: InboxState, counts: dict[str, int]) -> list[Tab]:
    return [
        Tab(
            key,
            _(label),
            counted(counts[key]) if counts.get(key) else "",
            state.at(key).query,
            key == state.view,
        )
        for key, label in VIEWS.items()
    ]


def _statuses(state: InboxState, counts: dict[str, int]) -> list[Tab]:
    """Counts are the view's; under a filter they would promise what is not listed."""
    everything = Tab("all", _("Todos"), "", state.with_statuses().query, not state.statuses)
    return [
        everything,
        *(
            Tab(
                status.value,
                wording.STATUS_LABELS[status.value],
                counted(counts[status.value])
                if counts[status.value] and not state.is_narrowed
                else "",
                state.with_statuses(status).query,
                state.statuses == (status,),
            )
            for status in Status
        ),
    ]


def _nothing_found(state: InboxState) -> str:
    if "q" in state.values:
        return N_("Nada encontrado. Confira as palavras ou tire filtros.")
    return N_("Nenhuma conversa com estes filtros.")


def _row(
    row: ConversationRow, state: InboxState, open_id: str, zone: ZoneInfo, now: datetime
) -> InboxRow:
    name = row.contact_name or _("Visitante")
    waits = row.owner is not Owner.BOT and row.waiting_since is not None
    with_agent = row.owner is Owner.AGENT and state.view != "mine"
    icon, feeling = _SENTIMENTS.get(row.sentiment, ("", ""))
    return InboxRow(
        public_id=row.public_id,
        name=name,
        initials=wording.initials(name),
        company=row.company_name,
        channel_kind=row.channel_kind,
        channel=row.channel_name or _channel_label(row.channel_kind),
        excerpt=_excerpt(row),
        found=row.found,
        when=wording.short_time(row.last_message_at, now, zone),
        when_full=wording.full_time(row.last_message_at, zone),
        waiting=wording.duration(row.waiting_since, now) if waits and row.waiting_since else "",
        level=level_mark(row.level, zone, now),
        status=row.status.value,
        status_label=wording.STATUS_LABELS[row.status.value],
        holder=row.assignee_name if with_agent else row.queue_name,
        priority=max(NORMAL, row.priority),
        priority_label=_(priority_label(row.priority)) if row.priority > NORMAL else "",
        sentiment_icon=icon,
        sentiment=_(feeling) if feeling else "",
        reopened=row.reopened_at is not None,
        tags=row.tags[:_SHOWN_TAGS],
        more_tags=max(0, len(row.tags) - _SHOWN_TAGS),
        unread=_unread(row),
        current=row.public_id == open_id,
    )


def _channel_label(kind: str) -> str:
    return wording.CHANNEL_LABELS.get(kind, kind)


def _unread(row: ConversationRow) -> str:
    if row.owner is Owner.BOT or not row.unread:
        return ""
    return str(max(1, row.unread_count)) if row.unread_count < 100 else "99+"


def _excerpt(row: ConversationRow) -> str:
    prefix = {"bot": N_("Bot: {text}"), "agent": N_("Equipe: {text}")}.get(row.last_author_kind)
    text = " ".join(row.last_text.split()) or (_("Arquivo") if row.last_media_count else "")
    return _(prefix).replace("{text}", text) if prefix and text else text
