"""The board in words: queues, rows and people as the page shows them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from desk.conversations.board import Board, QueueBoard, TeamMember
from desk.conversations.priority import NORMAL, PRIORITY_LABELS, priority_label
from desk.conversations.rows import ConversationRow
from desk.states import STATUS_LABELS, Status
from desk.team.presence import Standing
from desk.team.tables import Assignment, Role, User
from handoff.console import wording
from handoff.console.levels import LevelMark, level_mark
from handoff.console.routing_words import reason_words
from handoff.i18n import N_, _

ASSIGNMENT_LABELS = {
    Assignment.MANUAL: N_("Cada um assume"),
    Assignment.ROUND_ROBIN: N_("Rodízio"),
    Assignment.LEAST_BUSY: N_("Menos ocupado"),
}
STANDING_LABELS = {
    Standing.AVAILABLE: N_("Disponível"),
    Standing.AWAY: N_("Ausente"),
    Standing.OFFLINE: N_("Desconectado"),
}
_ROLE_LABELS = {Role.SUPERVISOR: N_("Supervisão"), Role.ADMIN: N_("Administração")}


@dataclass(frozen=True)
class RowView:
    """A conversation on the board.

    ``reasons``: why it stands where it stands, key and words. ``why_here``: why in this queue.
    """

    public_id: str
    name: str
    initials: str
    subtitle: str
    place: int
    priority: int
    wait: str
    reasons: list[tuple[str, str]]
    why_here: str
    level: LevelMark | None
    holder: str
    status: str
    status_label: str


@dataclass(frozen=True)
class QueueView:
    """A queue with its numbers."""

    slug: str
    name: str
    is_open: bool
    hours: str
    assignment: str
    waiting_count: int
    longest: str
    first_response: str
    in_service_count: int
    available: str
    nobody: bool
    waiting: list[RowView]
    in_service: list[RowView]
    more_waiting: int
    more_in_service: int


@dataclass(frozen=True)
class MemberView:
    """Somebody of the team."""

    id: int
    name: str
    initials: str
    detail: str
    standing: str
    standing_label: str
    load: int
    capacity: int
    is_full: bool
    says: str
    other_label: str


@dataclass(frozen=True)
class BoardView:
    """The whole board; ``may_manage``: the reader changes what they see."""

    queues: list[QueueView]
    team: list[MemberView]
    waiting_count: int
    longest: str
    in_service_count: int
    first_response: str
    available: str
    without_queue: list[RowView]
    may_manage: bool


def view_of(board: Board, viewer: User, now: datetime, zone: ZoneInfo) -> BoardView:
    """The board as this viewer reads it."""
    waits = [each.longest_since for each in board.queues if each.longest_since]
    names = {each.queue.id: each.queue.name for each in board.queues}
    return BoardView(
        queues=[_queue(each, now, zone) for each in board.queues],
        team=[_member(each, names, now) for each in board.team],
        waiting_count=sum(each.waiting_count for each in board.queues),
        longest=wording.duration(min(waits), now) if waits else "",
        in_service_count=sum(each.in_service_count for each in board.queues)
        + len(board.without_queue),
        first_response=_mean_of_all(board),
        available=_share([each.colleague.standing for each in board.team]),
        without_queue=[_row(each, 0, now, zone) for each in board.without_queue],
        may_manage=viewer.sees_all_queues,
    )


def span(seconds: float) -> str:
    """How long something took."""
    if seconds < 60:
        return _("{seconds} s").format(seconds=round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=f"{minutes % 60:02d}")


def _mean_of_all(board: Board) -> str:
    answered = [each.first_responses for each in board.queues if each.first_responses]
    count = sum(each.count for each in answered)
    return span(sum(each.mean_seconds * each.count for each in answered) / count) if count else ""


def _share(standings: list[Standing]) -> str:
    there = sum(standing is Standing.AVAILABLE for standing in standings)
    return _("{there} de {all}").format(there=there, all=len(standings))


def _queue(each: QueueBoard, now: datetime, zone: ZoneInfo) -> QueueView:
    responses = each.first_responses
    return QueueView(
        slug=each.queue.slug,
        name=each.queue.name,
        is_open=each.is_open,
        hours=_hours(each, now, zone),
        assignment=_(ASSIGNMENT_LABELS[each.queue.assignment]),
        waiting_count=each.waiting_count,
        longest=wording.duration(each.longest_since, now) if each.longest_since else "",
        first_response=span(responses.mean_seconds) if responses else "",
        in_service_count=each.in_service_count,
        available=_share([member.colleague.standing for member in each.serving]),
        nobody=each.waiting_count > 0 and each.available_count == 0,
        waiting=[_row(row, place, now, zone) for place, row in enumerate(each.waiting, start=1)],
        in_service=[_row(row, 0, now, zone) for row in each.in_service],
        more_waiting=each.waiting_count - len(each.waiting),
        more_in_service=each.in_service_count - len(each.in_service),
    )


def _hours(each: QueueBoard, now: datetime, zone: ZoneInfo) -> str:
    if not each.queue.active:
        return _("Desativada")
    if each.is_open:
        return _("Aberta")
    if each.opens_at is None:
        return _("Fora do horário")
    opens = each.opens_at.astimezone(zone)
    if opens.date() == now.astimezone(zone).date():
        return _("Abre às {time}").format(time=f"{opens:%H:%M}")
    return _("Abre em {day}, {time}").format(
        day=wording.short_time(each.opens_at, now, zone), time=f"{opens:%H:%M}"
    )


def _row(row: ConversationRow, place: int, now: datetime, zone: ZoneInfo) -> RowView:
    name = row.contact_name or _("Visitante")
    channel = wording.CHANNEL_LABELS.get(row.channel_kind, row.channel_kind)
    return RowView(
        public_id=row.public_id,
        name=name,
        initials=wording.initials(name),
        subtitle=" · ".join(part for part in (row.company_name, _(channel)) if part),
        place=place,
        priority=row.priority,
        wait=wording.duration(row.waiting_since, now) if row.waiting_since else "",
        reasons=_reasons(row),
        why_here=reason_words(row.routing),
        level=level_mark(row.level, zone, now),
        holder=row.assignee_name,
        status=row.status.value,
        status_label=_(STATUS_LABELS[row.status.value]) if row.status is Status.WAITING else "",
    )


def _reasons(row: ConversationRow) -> list[tuple[str, str]]:
    reasons = []
    if row.priority > NORMAL:
        level = min(row.priority, max(PRIORITY_LABELS))
        reasons.append((f"priority-{level}", _(priority_label(row.priority))))
    if row.sentiment is not None and row.sentiment < 0:
        reasons.append(("dissatisfied", _("Insatisfeito")))
    if row.reopened_at is not None:
        reasons.append(("reopened", _("Reaberta")))
    return reasons


def _member(member: TeamMember, names: dict[int, str], now: datetime) -> MemberView:
    person = member.colleague
    away = person.standing is Standing.AWAY
    return MemberView(
        id=person.id,
        name=person.name,
        initials=wording.initials(person.name),
        detail=_detail(member, names, now),
        standing=person.standing.value,
        standing_label=_(STANDING_LABELS[person.standing]),
        load=person.load,
        capacity=person.capacity,
        is_full=person.load >= person.capacity,
        says="available" if away else "away",
        other_label=_("Marcar disponível") if away else _("Marcar ausente"),
    )


def _detail(member: TeamMember, names: dict[int, str], now: datetime) -> str:
    served = [name for queue_id, name in names.items() if queue_id in member.queue_ids]
    where = ", ".join(served) or _(_ROLE_LABELS.get(member.role, N_("Sem fila")))
    if member.colleague.standing is not Standing.OFFLINE or member.last_seen_at is None:
        return where
    seen = wording.duration(member.last_seen_at, now)
    return _("{where} · visto há {time}").format(where=where, time=seen)
