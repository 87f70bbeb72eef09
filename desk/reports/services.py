"""How the events of a conversation make services: the only reading of the log that counts.

Pure: it changes the service that it is given, or makes the next one. Time is cut to whole
milliseconds at each event, so that the parts of a service add up to the whole.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from desk.conversations.assignment import AUTO_ASSIGNED
from desk.conversations.first_response import FIRST_RESPONSE
from desk.conversations.ownership import FORMER_ASSIGNEE
from desk.events.tables import Event
from desk.reports.measures import HANDOFFS
from desk.reports.tables import ReportService
from desk.states import ENDED, Owner, Status

CREATED = "conversation.created"
STATUS_CHANGED = "conversation.status_changed"
OWNER_CHANGED = "conversation.owner_changed"
QUEUE_CHANGED = "conversation.queue_changed"
RATED = "conversation.rated"
MOOD_CHANGED = "conversation.mood_changed"
COUNTED_KINDS = (
    CREATED,
    STATUS_CHANGED,
    OWNER_CHANGED,
    QUEUE_CHANGED,
    FIRST_RESPONSE,
    RATED,
    MOOD_CHANGED,
)
# What the team does by itself, without a handoff by the bot.
_BY_TEAM = frozenset({"claim", "assign", "move", "take_over", "answered_on_phone", AUTO_ASSIGNED})

BusinessSeconds = Callable[[int | None, datetime, datetime], float]
"""The business seconds of a queue (or none: all of them) between two instants."""


def first_service(event: Event) -> ReportService:
    """The service that the first known event of a conversation opens."""
    status = Status(event.data.get("status", Status.OPEN.value)) if event.kind == CREATED else None
    return _new(event.conversation_id or 0, 1, status or Status.OPEN, event.at)


def apply_event(
    service: ReportService, event: Event, business: BusinessSeconds
) -> ReportService | None:
    """What an event changes in the newest service of its conversation.

    Returns:
        The next service when this event opens one, else None.
    """
    data = event.data
    match event.kind:
        case kind if kind == STATUS_CHANGED:
            return _change_status(service, Status(data["after"]), event.at, business)
        case kind if kind == OWNER_CHANGED:
            _change_owner(service, event, business)
        case kind if kind == QUEUE_CHANGED:
            _move(service, data["after"], event.at, business)
        case kind if kind == FIRST_RESPONSE:
            _first_response(service, event, business)
        case kind if kind == RATED:
            service.rated_at, service.score = event.at, int(data["score"])
        case kind if kind == MOOD_CHANGED:
            service.sentiment = data["after"]
    return None


def milliseconds(start: datetime, end: datetime) -> int:
    """Whole milliseconds between two instants that are cut to them; 0 when in disorder."""
    return max(0, (_cut(end) - _cut(start)) // timedelta(milliseconds=1))


def _new(conversation_id: int, number: int, status: Status, at: datetime) -> ReportService:
    return ReportService(
        conversation_id=conversation_id,
        number=number,
        status=status,
        opened_at=at,
        clock_at=at,
        handoff_reason="",
        transfers=0,
        held_reason="",
        **dict.fromkeys(
            (
                "first_response_ms",
                "first_response_business_ms",
                "open_ms",
                "open_business_ms",
                "in_service_ms",
                "in_service_business_ms",
                "waiting_ms",
                "waiting_business_ms",
            ),
            0,
        ),
    )


def _change_status(
    service: ReportService, after: Status, at: datetime, business: BusinessSeconds
) -> ReportService | None:
    if service.ended_at is not None and after not in ENDED:
        following = _new(service.conversation_id, service.number + 1, after, at)
        # What the conversation goes on with; its agent and its matter begin anew.
        following.channel_id, following.company_id = service.channel_id, service.company_id
        following.queue_id = service.held_queue_id or service.queue_id
        following.sentiment = service.sentiment
        if service.held_reason:
            following.handed_off_at, following.handoff_reason = at, service.held_reason
            following.agent_id = service.held_agent_id
        return following
    _count_time(service, at, business)
    service.status = after
    if after in ENDED and service.ended_at is None:
        service.ended_at = at
    return None


def _change_owner(service: ReportService, event: Event, business: BusinessSeconds) -> None:
    data, with_people = event.data, event.data.get("after") != Owner.BOT.value
    reason = _reason(data.get("reason", ""))
    if service.ended_at is not None:
        _hold(service, data, reason if with_people else "")
        return
    service.transfers += _is_transfer(service, data)
    if with_people and service.handed_off_at is None:
        service.handed_off_at, service.handoff_reason = event.at, reason
    if data.get("assignee_id") is not None:
        service.agent_id = data["assignee_id"]
    if "queue_id" in data:
        _move(service, data["queue_id"], event.at, business)


def _hold(service: ReportService, data: dict[str, Any], reason: str) -> None:
    """Who takes a conversation whose service has ended begins the next one, if there is one."""
    service.held_reason = reason
    service.held_agent_id = data.get("assignee_id") if reason else None
    service.held_queue_id = data.get("queue_id", service.held_queue_id)


def _move(
    service: ReportService, queue_id: int | None, at: datetime, business: BusinessSeconds
) -> None:
    """From here on time counts by another queue's hours."""
    if service.ended_at is not None:
        service.held_queue_id = queue_id
        return
    _count_time(service, at, business)
    service.queue_id = queue_id


def _is_transfer(service: ReportService, data: dict[str, Any]) -> bool:
    """From one person to another, or from people's hands to another queue."""
    if data.get("after") == Owner.AGENT.value:
        former = data.get(FORMER_ASSIGNEE)
        return former is not None and former != data.get("assignee_id")
    moved = data.get("reason") == "move" and data.get("before") != Owner.BOT.value
    return moved and data.get("queue_id") != service.queue_id


def _reason(reason: str) -> str:
    if reason in _BY_TEAM:
        return "team"
    return reason if reason in HANDOFFS else "other"


def _first_response(service: ReportService, event: Event, business: BusinessSeconds) -> None:
    if service.first_response_at is not None:
        return
    waited = timedelta(milliseconds=round(float(event.data["seconds"]) * 1000))
    at = _cut(event.at)
    service.first_response_at = event.at
    service.first_response_ms = waited // timedelta(milliseconds=1)
    service.first_response_business_ms = round(
        business(event.data.get("queue_id"), at - waited, at) * 1000
    )
    if service.agent_id is None and event.actor_kind == "agent":
        service.agent_id = event.actor_id


def _count_time(service: ReportService, at: datetime, business: BusinessSeconds) -> None:
    """Counts what has passed since the last event to the status in which it passed."""
    if service.ended_at is not None or at <= service.clock_at:
        return
    start, end = _cut(service.clock_at), _cut(at)
    name = service.status.value
    ms = getattr(service, f"{name}_ms") + milliseconds(start, end)
    counted = round(business(service.queue_id, start, end) * 1000)
    setattr(service, f"{name}_ms", ms)
    setattr(service, f"{name}_business_ms", getattr(service, f"{name}_business_ms") + counted)
    service.clock_at = at


def _cut(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
