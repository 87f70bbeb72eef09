"""The list of conversations: tabs with their counts, and rows."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.listing import Filters, count_views, list_conversations
from desk.conversations.rows import ConversationRow
from desk.states import STATUS_LABELS, Owner
from desk.team.tables import User
from handoff.console import wording

TABS = {
    "queue": "Na fila",
    "mine": "Meus",
    "team": "Equipe",
    "bot": "Bot",
    "ended": "Encerrados",
}
_EMPTY = {
    "queue": ("check", "Ninguém espera na fila."),
    "mine": ("hand", "Você não está com nenhuma conversa. Assuma uma da fila."),
    "team": ("person", "Nenhuma conversa com outras pessoas da equipe."),
    "bot": ("bot", "Nenhuma conversa com a assistente agora."),
    "ended": ("chat", "Nenhuma conversa resolvida ou fechada ainda."),
}
PAGE_ROWS = 50
MOST_ROWS = 100


@dataclass(frozen=True)
class Tab:
    """One view of the inbox and how many conversations it holds."""

    key: str
    label: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True)
class InboxRow:
    """A conversation in the list, in words."""

    public_id: str
    name: str
    initials: str
    subtitle: str
    excerpt: str
    when: str
    waiting: str
    status: str
    status_label: str
    holder: str
    unread: bool
    current: bool


@dataclass(frozen=True)
class Inbox:
    """What the left side of the console shows."""

    tab: str
    limit: int
    tabs: list[Tab]
    rows: list[InboxRow]
    waiting: int
    more_url: str
    empty_icon: str
    empty_text: str


def rows_limit(asked: str) -> int:
    """How many rows to show: a page, or more when the reader asked for it."""
    wanted = int(asked) if asked.isdecimal() and len(asked) < 5 else PAGE_ROWS
    return max(PAGE_ROWS, min(wanted, MOST_ROWS))


async def read_inbox(
    session: AsyncSession,
    viewer: User,
    *,
    tab: str,
    open_id: str = "",
    limit: int = PAGE_ROWS,
    zone: ZoneInfo,
    now: datetime,
) -> Inbox:
    """One view of the inbox as this viewer may see it; an unknown tab is the queue."""
    chosen = tab if tab in TABS else "queue"
    counts = await count_views(session, viewer)
    filters = Filters(view=chosen, sort="waiting" if chosen == "queue" else "recent")
    page = await list_conversations(session, viewer, filters, limit=limit)
    more = page.next_cursor and limit < MOST_ROWS
    icon, text = _EMPTY[chosen]
    return Inbox(
        tab=chosen,
        limit=limit,
        tabs=[
            Tab(key, label, counts.get(key, 0), f"/console?tab={key}", key == chosen)
            for key, label in TABS.items()
        ],
        rows=[_row(row, open_id, chosen, zone, now) for row in page.rows],
        waiting=counts.get("queue", 0),
        more_url=f"/console/inbox?{urlencode({'tab': chosen, 'limit': MOST_ROWS})}" if more else "",
        empty_icon=icon,
        empty_text=text,
    )


def _row(row: ConversationRow, open_id: str, tab: str, zone: ZoneInfo, now: datetime) -> InboxRow:
    name = row.contact_name or "Visitante"
    channel = wording.CHANNEL_LABELS.get(row.channel_kind, row.channel_kind)
    waits = row.owner is not Owner.BOT and row.waiting_since is not None
    return InboxRow(
        public_id=row.public_id,
        name=name,
        initials=wording.initials(name),
        subtitle=" · ".join(part for part in (row.company_name, channel) if part),
        excerpt=_excerpt(row),
        when=wording.short_time(row.last_message_at, now, zone),
        waiting=wording.duration(row.waiting_since, now) if waits and row.waiting_since else "",
        status=row.status.value,
        status_label=STATUS_LABELS[row.status.value],
        holder=row.assignee_name if row.owner is Owner.AGENT and tab != "mine" else row.queue_name,
        unread=row.unread and row.owner is not Owner.BOT,
        current=row.public_id == open_id,
    )


def _excerpt(row: ConversationRow) -> str:
    prefix = {"contact": "", "bot": "Bot: ", "agent": "Equipe: "}.get(row.last_author_kind, "")
    text = " ".join(row.last_text.split())
    return f"{prefix}{text}" if text else f"{prefix}Arquivo" if row.last_author_kind else ""
