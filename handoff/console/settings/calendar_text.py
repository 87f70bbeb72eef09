"""Hours and dates as people in Brazil type them: 8h às 12h, 25/01 Aniversário da cidade."""

import re

from desk.errors import Invalid
from desk.hours.calendars import CalendarDraft
from desk.hours.tables import BusinessCalendar
from handoff.i18n import N_

DAYS = {
    "0": N_("Segunda"),
    "1": N_("Terça"),
    "2": N_("Quarta"),
    "3": N_("Quinta"),
    "4": N_("Sexta"),
    "5": N_("Sábado"),
    "6": N_("Domingo"),
}
TIMEZONES = (
    "America/Sao_Paulo",
    "America/Bahia",
    "America/Fortaleza",
    "America/Recife",
    "America/Belem",
    "America/Manaus",
    "America/Cuiaba",
    "America/Campo_Grande",
    "America/Porto_Velho",
    "America/Boa_Vista",
    "America/Rio_Branco",
    "America/Noronha",
)
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?\s*[-:–]?\s*(.*)")


def draft_of(typed: dict[str, str]) -> CalendarDraft:
    """What somebody typed.

    Raises:
        Invalid: hours or dates that cannot be read.
    """
    return CalendarDraft(
        name=typed["name"],
        week={day: _spans(typed[f"day-{day}"]) for day in DAYS},
        timezone=typed["timezone"] or TIMEZONES[0],
        state=typed["state"],
        city=typed["city"],
        own_holidays=[_own(line) for line in typed["own"].splitlines() if line.strip()],
        worked_holidays=[_worked(line) for line in typed["worked"].splitlines() if line.strip()],
    )


def _spans(text: str) -> list[list[str]]:
    spans = []
    for part in re.split(r"[,;]", text):
        if not part.strip():
            continue
        ends = [each.strip() for each in re.split(r"-|–|\bàs?\b|\ba\b", part) if each.strip()]
        if len(ends) != 2:
            raise Invalid(
                "week", "Não entendemos “{value}”. Escreva 08:00-12:00.", value=part.strip()[:40]
            )
        spans.append([_hour(end) for end in ends])
    return spans


def _hour(text: str) -> str:
    """8, 8h, 8h30, 8:30 and 08:30 as 08:30."""
    match = re.fullmatch(r"(\d{1,2})(?:\s*[h:]\s*(\d{2})?)?", text.lower())
    if match is None:
        raise Invalid("week", "Não entendemos o horário “{value}”. Escreva 08:00.", value=text[:20])
    return f"{int(match.group(1)):02d}:{match.group(2) or '00'}"


def _own(line: str) -> dict[str, str]:
    match = _DATE.fullmatch(line.strip())
    if match is None or not match.group(4):
        raise Invalid(
            "own_holidays", "Não entendemos “{value}”. Use: 25/01 Nome.", value=line.strip()[:40]
        )
    day, month, year, name = match.groups()
    text = f"{int(month):02d}-{int(day):02d}"
    return {"date": f"{year}-{text}" if year else text, "name": name}


def _worked(line: str) -> str:
    match = _DATE.fullmatch(line.strip())
    if match is None or not match.group(3):
        raise Invalid(
            "worked_holidays", "Não entendemos “{value}”. Use 20/11/2026.", value=line.strip()[:40]
        )
    return f"{match.group(3)}-{int(match.group(2)):02d}-{int(match.group(1)):02d}"


def stored_text(calendar: BusinessCalendar) -> dict[str, str]:
    """A calendar as it is typed."""
    week = {
        f"day-{day}": ", ".join(f"{start}-{end}" for start, end in calendar.week.get(day, []))
        for day in DAYS
    }
    return week | {
        "name": calendar.name,
        "state": calendar.state,
        "city": calendar.city,
        "timezone": calendar.timezone,
        "own": "\n".join(
            f"{local_date(each['date'])} {each['name']}" for each in calendar.own_holidays
        ),
        "worked": "\n".join(local_date(day) for day in calendar.worked_holidays),
    }


def local_date(iso: str) -> str:
    """2026-01-25 as 25/01/2026, 01-25 as 25/01."""
    return "/".join(reversed(iso.split("-")))
