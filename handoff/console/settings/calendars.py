"""Horários: when people work, and the holidays on which they do not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import redirect
from sqlalchemy.ext.asyncio import AsyncSession

from desk.errors import Conflict, Invalid
from desk.hours.calendars import (
    add_calendar,
    change_calendar,
    get_calendar,
    list_calendars,
    remove_calendar,
)
from desk.hours.clock import is_open
from desk.hours.holidays import CITIES, STATES, holidays_between, optional_days
from desk.hours.tables import BusinessCalendar
from desk.team.queues import list_queues
from handoff.console import wording
from handoff.console.settings.calendar_text import DAYS, TIMEZONES, draft_of, stored_text
from handoff.console.settings.forms import Form, act, actor_of, field_of, refused, show
from handoff.console.settings.sections import ROOT
from handoff.i18n import _
from handoff.security import signed_in
from handoff.services import services_of

LIST = f"{ROOT}/calendars"
_WEEKDAY_HOURS = "08:00-18:00"
_FIELDS = ("name", "state", "city", "own", "worked", "timezone")

blueprint = Blueprint("settings_calendars", url_prefix="/calendars")


@blueprint.get("/")
@signed_in("admin")
async def show_calendars(request: Request) -> HTTPResponse:
    """All calendars, and whether they are open now."""
    async with services_of(request).database.reading() as session:
        calendars = await list_calendars(session)
        queues = await list_queues(session)
    now = datetime.now(UTC)
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "week": _week_in_words(each),
            "place": " · ".join(part for part in (each.city, each.state) if part),
            "is_open": is_open(each, now),
            "queues": [queue.name for queue in queues if queue.calendar_id == each.id],
        }
        for each in calendars
    ]
    return show(request, "calendars.html", calendars=rows)


@blueprint.get("/new")
@signed_in("admin")
async def show_new(request: Request) -> HTTPResponse:
    """The form of a new calendar: weekdays from eight to six."""
    hours = {f"day-{day}": _WEEKDAY_HOURS for day in "01234"}
    return await _form(request, Form({**hours, "timezone": TIMEZONES[0]}))


@blueprint.post("/new")
@signed_in("admin")
async def create(request: Request) -> HTTPResponse:
    """Adds a calendar."""
    typed = _typed(request)
    try:
        async with services_of(request).database.transaction() as session:
            await add_calendar(session, draft_of(typed), actor_of(request))
    except (Invalid, Conflict) as refusal:
        return await _form(request, _refused(typed, refusal))
    return redirect(f"{LIST}?ok=created", status=303)


@blueprint.get("/<calendar_id:int>")
@signed_in("admin")
async def show_calendar(request: Request, calendar_id: int) -> HTTPResponse:
    """One calendar and its holidays of a year."""
    async with services_of(request).database.reading() as session:
        calendar = await get_calendar(session, calendar_id)
    return await _form(request, Form(stored_text(calendar)), calendar_id)


@blueprint.post("/<calendar_id:int>")
@signed_in("admin")
async def change(request: Request, calendar_id: int) -> HTTPResponse:
    """Changes a calendar."""
    typed = _typed(request)
    try:
        async with services_of(request).database.transaction() as session:
            await change_calendar(session, calendar_id, draft_of(typed), actor_of(request))
    except (Invalid, Conflict) as refusal:
        return await _form(request, _refused(typed, refusal), calendar_id)
    return redirect(f"{LIST}/{calendar_id}?ok=saved", status=303)


@blueprint.post("/<calendar_id:int>/delete")
@signed_in("admin")
async def delete(request: Request, calendar_id: int) -> HTTPResponse:
    """Removes a calendar that no queue keeps."""

    async def work(session: AsyncSession) -> None:
        await remove_calendar(session, calendar_id, actor_of(request))

    async def again(form: Form) -> HTTPResponse:
        async with services_of(request).database.reading() as session:
            stored = stored_text(await get_calendar(session, calendar_id))
        return await _form(request, Form(stored, form.errors), calendar_id)

    return await act(request, work, done=f"{LIST}?ok=deleted", again=again)


async def _form(request: Request, form: Form, calendar_id: int | None = None) -> HTTPResponse:
    holidays: list[dict[str, Any]] = []
    title, optional = _("Novo horário"), ""
    if calendar_id is not None:
        async with services_of(request).database.reading() as session:
            calendar = await get_calendar(session, calendar_id)
        title = calendar.name
        today = datetime.now(services_of(request).settings.zone).date()
        last = today + timedelta(days=365)
        holidays = [
            {"name": day.name, "when": _in_words(day.day)} | _marks(day)
            for day in holidays_between(calendar, today, last)
        ]
        days = {**optional_days(today.year), **optional_days(last.year)}
        shown = [(day, name) for day, name in days.items() if today <= day <= last]
        optional = ", ".join(f"{name} ({wording.date_words(day)})" for day, name in shown)
    cities = sorted({city for cities in CITIES.values() for city in cities})
    return show(
        request,
        "calendar.html",
        status=form.status,
        form=form,
        title=title,
        calendar_id=calendar_id,
        days=[(key, _(label)) for key, label in DAYS.items()],
        states=[("", _("Só os nacionais")), *((state, state) for state in STATES)],
        cities=[("", _("Nenhuma")), *((city, city) for city in cities)],
        timezones=[(zone, zone.split("/")[1].replace("_", " ")) for zone in TIMEZONES],
        holidays=holidays,
        optional_days=optional,
        path=f"{LIST}/{calendar_id if calendar_id is not None else 'new'}",
    )


def _typed(request: Request) -> dict[str, str]:
    names = (*_FIELDS, *(f"day-{day}" for day in DAYS))
    return {name: field_of(request, name, 10_000) for name in names}


def _refused(typed: dict[str, str], refusal: Invalid | Conflict) -> Form:
    form = refused(typed, refusal)
    names = {"own_holidays": "own", "worked_holidays": "worked"}
    return Form(form.values, {names.get(key, key): words for key, words in form.errors.items()})


def _week_in_words(calendar: BusinessCalendar) -> str:
    days = [(_(DAYS[day]), spans) for day, spans in calendar.week.items() if spans]
    return "; ".join(
        f"{name[:3]} " + ", ".join(f"{start}-{end}" for start, end in spans) for name, spans in days
    )


def _in_words(day: date) -> str:
    return f"{_(DAYS[str(day.weekday())])}, {wording.date_words(day)}"


def _marks(day: Any) -> dict[str, bool]:
    return {"is_own": day.is_own, "is_worked": day.is_worked}
