"""Business calendars as an admin keeps them: list, add, change, remove."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.events.log import Actor, record_event
from desk.hours.clock import seconds_of_day
from desk.hours.holidays import CITIES, STATES
from desk.hours.tables import BusinessCalendar
from desk.team.tables import Queue
from desk.text import clean_text

MAX_NAME_CHARS = 120
MAX_HOLIDAYS = 200
_SPANS_A_DAY = 6
_OWN_DATE = re.compile(r"(?:\d{4}-)?\d{2}-\d{2}")
_LEAP_YEAR = 2024


@dataclass(frozen=True)
class CalendarDraft:
    """What an admin typed; the fields are those of `BusinessCalendar`.

    ``week``: weekday ("0" is Monday) to spans such as ``[["08:00", "12:00"], ["13:00", "18:00"]]``.
    ``own_holidays``: ``{"date": "MM-DD" or "YYYY-MM-DD", "name": …}``. ``worked_holidays``: ISO
    dates.
    """

    name: str
    week: dict[str, list[list[str]]]
    timezone: str = "America/Sao_Paulo"
    state: str = ""
    city: str = ""
    own_holidays: list[dict[str, str]] = field(default_factory=list)
    worked_holidays: list[str] = field(default_factory=list)


async def list_calendars(session: AsyncSession) -> Sequence[BusinessCalendar]:
    """All calendars by name."""
    query = select(BusinessCalendar).order_by(BusinessCalendar.name)
    return (await session.execute(query)).scalars().all()


async def get_calendar(session: AsyncSession, calendar_id: int) -> BusinessCalendar:
    """One calendar.

    Raises:
        NotFound: there is none.
    """
    calendar = await session.get(BusinessCalendar, max(0, min(calendar_id, MAX_SMALL_KEY)))
    if calendar is None:
        raise NotFound("Horário não encontrado.")
    return calendar


async def calendar_of_queue(session: AsyncSession, queue_id: int | None) -> BusinessCalendar | None:
    """The hours of a queue; None when it is always open."""
    if queue_id is None:
        return None
    query = (
        select(BusinessCalendar)
        .join(Queue, Queue.calendar_id == BusinessCalendar.id)
        .where(Queue.id == queue_id)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def add_calendar(
    session: AsyncSession, draft: CalendarDraft, actor: Actor
) -> BusinessCalendar:
    """Adds a calendar.

    Raises:
        Invalid: a value cannot be accepted; ``field`` names it.
    """
    values = asdict(await _checked(session, draft, None))
    calendar = BusinessCalendar(**values, created_at=datetime.now(UTC))
    session.add(calendar)
    await session.flush()
    await record_event(session, "calendar.created", actor, id=calendar.id, fields=sorted(values))
    return calendar


async def change_calendar(
    session: AsyncSession, calendar_id: int, draft: CalendarDraft, actor: Actor
) -> BusinessCalendar:
    """Changes a calendar; nothing is recorded when nothing is different.

    Raises:
        NotFound: there is none.
        Invalid: a value cannot be accepted; ``field`` names it.
    """
    calendar = await get_calendar(session, calendar_id)
    values = asdict(await _checked(session, draft, calendar_id))
    changed = sorted(name for name, value in values.items() if getattr(calendar, name) != value)
    if not changed:
        return calendar
    before = {name: getattr(calendar, name) for name in changed}
    for name in changed:
        setattr(calendar, name, values[name])
    await session.flush()
    await record_event(
        session,
        "calendar.changed",
        actor,
        id=calendar.id,
        fields=changed,
        before=before,
        after={name: values[name] for name in changed},
    )
    return calendar


async def remove_calendar(session: AsyncSession, calendar_id: int, actor: Actor) -> None:
    """Removes a calendar that no queue keeps.

    Raises:
        NotFound: there is none.
        Conflict: queues keep it; they are named.
    """
    calendar = await get_calendar(session, calendar_id)
    query = select(Queue.name).where(Queue.calendar_id == calendar_id).order_by(Queue.name)
    queues = (await session.execute(query)).scalars().all()
    if queues:
        raise Conflict("Este horário está em uso: {queues}.", queues=", ".join(queues))
    await session.delete(calendar)
    await session.flush()
    await record_event(session, "calendar.removed", actor, id=calendar_id, name=calendar.name)


async def _checked(
    session: AsyncSession, draft: CalendarDraft, calendar_id: int | None
) -> CalendarDraft:
    """The draft in its canonical form: spans in order, dates sorted, each once."""
    name = " ".join(clean_text(draft.name).split())
    if not name or len(name) > MAX_NAME_CHARS:
        raise Invalid("name", "Dê um nome de até 120 letras ao horário.")
    taken = select(BusinessCalendar.id).where(func.lower(BusinessCalendar.name) == name.lower())
    others = [each for each in (await session.execute(taken)).scalars() if each != calendar_id]
    if others:
        raise Invalid("name", "Já existe um horário com este nome.")
    try:
        ZoneInfo(draft.timezone)
    except (ValueError, OSError, KeyError):  # a bad name, a folder, an unknown one
        raise Invalid("timezone", "Este fuso horário não existe.") from None
    if draft.state and draft.state not in STATES:
        raise Invalid("state", "Este estado não existe. Use a sigla, como SP.")
    city = " ".join(clean_text(draft.city).split())
    if city and city not in CITIES.get(draft.state, ()):
        raise Invalid(
            "city",
            "Os feriados desta cidade não vêm prontos. Deixe a cidade em branco e cadastre os "
            "feriados dela entre os próprios.",
        )
    return CalendarDraft(
        name=name,
        week=_checked_week(draft.week),
        timezone=draft.timezone,
        state=draft.state,
        city=city,
        own_holidays=_checked_own(draft.own_holidays),
        worked_holidays=_checked_worked(draft.worked_holidays),
    )


def _checked_week(week: dict[str, list[list[str]]]) -> dict[str, list[list[str]]]:
    checked: dict[str, list[list[str]]] = {}
    for weekday, spans in week.items():
        if weekday not in {"0", "1", "2", "3", "4", "5", "6"} or len(spans) > _SPANS_A_DAY:
            raise Invalid("week", "Informe até seis períodos para cada dia da semana.")
        try:
            in_order = sorted((seconds_of_day(start), [start, end]) for start, end in spans)
            ends = [seconds_of_day(end) for _, (_, end) in in_order]
        except ValueError:
            raise Invalid("week", "Escreva os horários como 08:00 e 18:00.") from None
        if any(start >= end for (start, _), end in zip(in_order, ends, strict=True)):
            raise Invalid("week", "Cada período precisa terminar depois de começar.")
        starts = [start for start, _ in in_order]
        if any(end > start for end, start in zip(ends, starts[1:], strict=False)):
            raise Invalid("week", "Há períodos que se sobrepõem no mesmo dia.")
        if spans:
            checked[weekday] = [span for _, span in in_order]
    if not checked:
        raise Invalid("week", "Informe ao menos um período de atendimento na semana.")
    return dict(sorted(checked.items()))


def _checked_own(own: list[dict[str, str]]) -> list[dict[str, str]]:
    if len(own) > MAX_HOLIDAYS:
        raise Invalid("own_holidays", "São no máximo {limit} feriados.", limit=MAX_HOLIDAYS)
    checked: dict[str, str] = {}
    for each in own:
        day = str(each.get("date", "")).strip()
        name = " ".join(clean_text(str(each.get("name", ""))).split())[:MAX_NAME_CHARS]
        if not _OWN_DATE.fullmatch(day) or not _is_day(day):
            raise Invalid("own_holidays", "Esta data não existe: {day}.", day=day[:20] or "—")
        if not name:
            raise Invalid("own_holidays", "Dê um nome a cada feriado.")
        checked[day] = name
    return [{"date": day, "name": checked[day]} for day in sorted(checked)]


def _checked_worked(days: list[str]) -> list[str]:
    if len(days) > MAX_HOLIDAYS:
        raise Invalid("worked_holidays", "São no máximo {limit} datas.", limit=MAX_HOLIDAYS)
    for day in days:
        if len(day) != len("YYYY-MM-DD") or not _is_day(day):
            raise Invalid("worked_holidays", "Esta data não existe: {day}.", day=day[:20])
    return sorted(set(days))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text if len(text) > len("MM-DD") else f"{_LEAP_YEAR}-{text}")
    except ValueError:
        return False
    return True
