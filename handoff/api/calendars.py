"""Calendars: business hours and holidays."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sanic import HTTPResponse, Request
from sanic.response import empty, json

from desk.events.log import by_agent
from desk.hours.calendars import (
    CalendarDraft,
    add_calendar,
    change_calendar,
    get_calendar,
    list_calendars,
    remove_calendar,
)
from desk.hours.holidays import holidays_between
from desk.hours.tables import BusinessCalendar
from handoff.api.endpoints import Endpoint, Shape
from handoff.problems import read_body
from handoff.security import api_user, current_user
from handoff.services import services_of

_PREVIEW_DAYS = 365
Span = Annotated[list[str], Field(min_length=2, max_length=2)]


class OwnHoliday(Shape):
    """A day that the calendar adds: ``MM-DD`` each year, or ``YYYY-MM-DD`` once."""

    date: str = Field(max_length=10)
    name: str = Field(max_length=120)


class CalendarValues(Shape):
    """A calendar. ``week``: weekday ("0" is Monday) to spans such as ``["08:00", "12:00"]``."""

    name: str = Field(max_length=120)
    week: dict[str, list[Span]]
    timezone: str = Field(default="America/Sao_Paulo", max_length=60)
    state: str = Field(default="", max_length=2)
    city: str = Field(default="", max_length=80)
    own_holidays: list[OwnHoliday] = Field(default_factory=list)
    worked_holidays: list[str] = Field(default_factory=list)


class CalendarJson(CalendarValues):
    """A calendar as programs read it."""

    id: int


class CalendarList(Shape):
    """Calendars by name."""

    calendars: list[CalendarJson]


class HolidayJson(Shape):
    """A holiday; a worked one closes nothing."""

    date: str
    name: str
    is_own: bool
    is_worked: bool


class CalendarWithHolidays(CalendarJson):
    """With its holidays of the next twelve months."""

    holidays: list[HolidayJson]


def calendar_json(calendar: BusinessCalendar) -> dict[str, Any]:
    """A calendar as programs read it."""
    return {name: getattr(calendar, name) for name in CalendarJson.model_fields}


@api_user("supervisor", "admin")
async def show_calendars(request: Request) -> HTTPResponse:
    """All calendars by name."""
    async with services_of(request).database.reading() as session:
        calendars = await list_calendars(session)
    return json({"calendars": [calendar_json(each) for each in calendars]})


@api_user("supervisor", "admin")
async def show_calendar(request: Request, calendar_id: int) -> HTTPResponse:
    """One calendar with its next holidays."""
    async with services_of(request).database.reading() as session:
        calendar = await get_calendar(session, calendar_id)
    today = datetime.now(UTC).date()
    days = holidays_between(calendar, today, today + timedelta(days=_PREVIEW_DAYS))
    holidays = [
        {
            "date": day.day.isoformat(),
            "name": day.name,
            "is_own": day.is_own,
            "is_worked": day.is_worked,
        }
        for day in days
    ]
    return json(calendar_json(calendar) | {"holidays": holidays})


@api_user("admin")
async def add_one(request: Request) -> HTTPResponse:
    """Adds a calendar."""
    draft, actor = _draft(request), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        calendar = await add_calendar(session, draft, actor)
    return json(calendar_json(calendar), status=201)


@api_user("admin")
async def change_one(request: Request, calendar_id: int) -> HTTPResponse:
    """Sets a whole calendar."""
    draft, actor = _draft(request), by_agent(current_user(request).id)
    async with services_of(request).database.transaction() as session:
        calendar = await change_calendar(session, calendar_id, draft, actor)
    return json(calendar_json(calendar))


@api_user("admin")
async def remove_one(request: Request, calendar_id: int) -> HTTPResponse:
    """Removes a calendar that no queue keeps."""
    async with services_of(request).database.transaction() as session:
        await remove_calendar(session, calendar_id, by_agent(current_user(request).id))
    return empty()


def _draft(request: Request) -> CalendarDraft:
    return CalendarDraft(**read_body(request, CalendarValues).model_dump())


_ONE = "/calendars/<calendar_id:int>"

ENDPOINTS = [
    Endpoint("GET", "/calendars", show_calendars, "Calendars.", returns=CalendarList),
    Endpoint("GET", _ONE, show_calendar, "One calendar.", returns=CalendarWithHolidays),
    Endpoint(
        "POST",
        "/calendars",
        add_one,
        "Add a calendar.",
        CalendarValues,
        answers={201: "Added."},
        returns=CalendarJson,
    ),
    Endpoint("PUT", _ONE, change_one, "Set a calendar.", CalendarValues, returns=CalendarJson),
    Endpoint(
        "DELETE",
        _ONE,
        remove_one,
        "Remove a calendar.",
        answers={204: "Removed.", 409: "A queue keeps it."},
    ),
]
