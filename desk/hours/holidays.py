"""Holidays of a calendar: of the nation, the state and the city, and those that it adds itself.

National, state and municipal days come from the library `holidays`, which is released each month;
of cities it knows those in ``CITIES``. Any other city's days are a calendar's own.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays
from holidays.countries.brazil import Brazil

from desk.hours.tables import BusinessCalendar

_CAPITAL = " Capital"
_YEARLY = re.compile(r"\d{2}-\d{2}")
STATES = tuple(code for code in Brazil.subdivisions if len(code) == 2)
CITIES = {
    "SP": tuple(
        name.removesuffix(_CAPITAL) for name in Brazil.subdivisions if name.endswith(_CAPITAL)
    )
}
"""Cities whose municipal holidays the library knows, by state."""


@dataclass(frozen=True)
class Holiday:
    """A day on which nobody works, unless the calendar says that it is worked."""

    day: date
    name: str
    is_own: bool
    is_worked: bool


def holidays_between(calendar: BusinessCalendar, first: date, last: date) -> list[Holiday]:
    """The calendar's holidays from ``first`` to ``last``, both included, in order."""
    worked = set(calendar.worked_holidays)
    found: list[Holiday] = []
    for year in range(first.year, last.year + 1):
        own = own_days(calendar.own_holidays, year)
        known = known_days(calendar.state, calendar.city, year) | own
        found += [
            Holiday(day, name, day in own, day.isoformat() in worked)
            for day, name in known.items()
            if first <= day <= last
        ]
    return sorted(found, key=lambda each: each.day)


def optional_days(year: int) -> dict[date, str]:
    """Days on which many do not work though no law closes them: such as Carnaval.

    A calendar that keeps one of them names it among its own.
    """
    days = holidays.country_holidays("BR", years=year, categories=("optional",), language="pt_BR")
    return dict(sorted(days.items()))


@lru_cache(maxsize=256)
def known_days(state: str, city: str, year: int) -> dict[date, str]:
    """National days, and those of the state and the city, with their pt-BR names."""
    subdivision = f"{city}{_CAPITAL}" if city in CITIES.get(state, ()) else state
    return dict(
        holidays.country_holidays(
            "BR", subdiv=subdivision or None, years=year, language="pt_BR"
        ).items()
    )


def own_days(own_holidays: list[dict[str, str]], year: int) -> dict[date, str]:
    """The days of a year that a calendar adds; 29 February only where there is one."""
    days: dict[date, str] = {}
    for each in own_holidays:
        text = each["date"]
        text = f"{year}-{text}" if _YEARLY.fullmatch(text) else text
        try:
            day = date.fromisoformat(text)
        except ValueError:
            continue
        if day.year == year:
            days[day] = each["name"]
    return days
