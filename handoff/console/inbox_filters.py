"""The filters of the inbox in words: chips of what is set, choices of what may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.tables import Channel
from desk.companies.tables import Company
from desk.conversations.priority import PRIORITY_LABELS
from desk.folding import contains
from desk.states import STATUS_LABELS
from desk.tags.tables import Tag
from desk.team.queues import queue_ids_of
from desk.team.tables import Queue, Role, User
from desk.text import clean_text, fold
from handoff.console import wording
from handoff.console.inbox_state import InboxState
from handoff.i18n import N_, _

MOST_COMPANIES = 8
_PRIORITIES = (N_("Normal"), N_("Alta"), N_("Urgente"))
"""The desk's own words, named once more so that they are found for translation."""
_TABLES = {"queue": Queue, "channel": Channel, "company": Company, "agent": User, "tag": Tag}
_LABELS = {
    "q": N_("Busca: {value}"),
    "queue": N_("Fila: {value}"),
    "channel": N_("Canal: {value}"),
    "company": N_("Empresa: {value}"),
    "agent": N_("Atendente: {value}"),
    "priority": N_("Prioridade: {value}"),
    "sentiment": N_("Sentimento: {value}"),
    "tag": N_("Etiqueta: {value}"),
    "since": N_("Desde {value}"),
    "until": N_("Até {value}"),
    "unread": N_("Não lidas"),
    "mentioned": N_("Me mencionam"),
    "level": N_("Prazo: {value}"),
}
_OPENED_LABELS = {"since": N_("Abertas desde {value}"), "until": N_("Abertas até {value}")}
SENTIMENT_LABELS = {
    "negative": N_("Insatisfeito"),
    "neutral": N_("Neutro"),
    "positive": N_("Satisfeito"),
}
DEADLINE_LABELS = {"any": N_("Correndo"), "late": N_("Vencido")}
SORT_LABELS = {
    "recent": N_("Mais recentes primeiro"),
    "waiting": N_("Maior espera primeiro"),
    "priority": N_("Ordem da fila: prioridade, depois espera"),
    "deadline": N_("Mais urgente primeiro: prazo que vence antes"),
}


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the state without it."""

    name: str
    label: str
    query: str


@dataclass(frozen=True)
class Choice:
    """A value that a filter may have."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class FilterPanel:
    """All that may be chosen."""

    state: InboxState
    statuses: list[Choice]
    sorts: list[Choice]
    selects: list[tuple[str, str, list[Choice]]]
    companies: list[Choice]
    clear_query: str


async def chips_of(session: AsyncSession, state: InboxState, now: datetime) -> list[Chip]:
    """What is set beyond the view and one status; each can be taken away."""
    chips = []
    for name, value in state.values.items():
        if name == "dates":
            continue
        opened = _OPENED_LABELS if "dates" in state.values else {}
        label = _(opened.get(name) or _LABELS[name])
        shown = await _shown(session, name, value, now)
        chips.append(Chip(name, label.replace("{value}", shown), state.without(name).query))
    if len(state.statuses) > 1:
        for status in state.statuses:
            others = [each for each in state.statuses if each is not status]
            label = wording.STATUS_LABELS[status.value]
            chips.append(Chip("status", label, state.with_statuses(*others).query))
    return chips


async def read_panel(session: AsyncSession, viewer: User, state: InboxState) -> FilterPanel:
    """The choices that this viewer has."""
    queue_ids = await queue_ids_of(session, viewer)
    queues = select(Queue).where(Queue.id.in_(queue_ids)).order_by(Queue.position, Queue.id)
    tags = await _all(session, select(Tag).order_by(Tag.folded))
    team = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
    users = select(User).where(User.role.in_(team), User.active).order_by(User.name)
    channels = await _all(session, select(Channel).order_by(Channel.id))
    selects = [
        ("queue", _("Fila"), _rows(await _all(session, queues), "name")),
        ("agent", _("Atendente"), _rows(await _all(session, users), "name")),
        ("channel", _("Canal"), [(str(each.id), channel_name(each)) for each in channels]),
        ("priority", _("Prioridade"), [(str(k), _(v)) for k, v in PRIORITY_LABELS.items()]),
        ("sentiment", _("Sentimento"), [(k, _(v)) for k, v in SENTIMENT_LABELS.items()]),
        ("level", _("Prazo"), [(k, _(v)) for k, v in DEADLINE_LABELS.items()]),
        (
            "tag",
            _("Etiqueta"),
            _rows(tags, "name"),
        ),
    ]
    chosen = {status.value for status in state.statuses}
    return FilterPanel(
        state=state,
        statuses=[Choice(key, wording.STATUS_LABELS[key], key in chosen) for key in STATUS_LABELS],
        sorts=[Choice(key, _(label), key == state.order) for key, label in SORT_LABELS.items()],
        selects=[
            (name, label, [Choice(v, text, state.values.get(name) == v) for v, text in options])
            for name, label, options in selects
        ],
        companies=await find_companies(session, "", state.values.get("company", "")),
        clear_query=InboxState(state.view, (), "", {}).query,
    )


async def find_companies(session: AsyncSession, q: str, chosen: str = "") -> list[Choice]:
    """Companies by name or CNPJ; the chosen one first."""
    words = fold(clean_text(q))[:100]
    digits = "".join(char for char in words if char.isalnum()).upper()
    found: list[Company] = []
    if chosen:
        company = await session.get(Company, int(chosen))
        found += [company] if company else []
    if words:
        matches = contains(Company.name, words) | Company.cnpj.startswith(digits, autoescape=True)
        query = select(Company).where(matches).order_by(Company.name).limit(MOST_COMPANIES)
        found += [each for each in await _all(session, query) if str(each.id) != chosen]
    return [Choice(str(each.id), each.name, str(each.id) == chosen) for each in found]


def channel_name(channel: Channel) -> str:
    """What the team calls a channel."""
    kind = wording.CHANNEL_LABELS.get(channel.kind, channel.kind)
    return channel.name or f"{kind} · {channel.slug}"


async def _shown(session: AsyncSession, name: str, value: str, now: datetime) -> str:
    table: Any = _TABLES.get(name)
    if table is not None:
        row = await session.get(table, int(value))
        if row is None:
            return "?"
        return channel_name(row) if name == "channel" else str(row.name)
    if name == "priority":
        return _(PRIORITY_LABELS[int(value)])
    if name == "sentiment":
        return _(SENTIMENT_LABELS[value])
    if name == "level":
        return _(DEADLINE_LABELS[value])
    if name in ("since", "until"):
        day = date.fromisoformat(value)
        return wording.date_words(day, year=day.year != now.year)
    return value


async def _all(session: AsyncSession, query: Any) -> Sequence[Any]:
    found: Sequence[Any] = (await session.execute(query)).scalars().all()
    return found


def _rows(rows: Sequence[Any], name: str) -> list[tuple[str, str]]:
    return [(str(row.id), str(getattr(row, name))) for row in rows]
