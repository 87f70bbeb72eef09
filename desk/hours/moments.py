"""When a closed queue opens, as people say it: today, tomorrow, or on a day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from babel.dates import format_date


@dataclass(frozen=True)
class Opening:
    """The parts of "hoje às 14:00" and "segunda-feira, 23/11, às 08:00"; the words are a face's."""

    day: Literal["today", "tomorrow", "later"]
    time: str
    date: str
    weekday: str


def opening_as_said(opens_at: datetime, now: datetime) -> Opening:
    """How an opening is said by somebody who looks at the clock of its own zone."""
    days = (opens_at.date() - now.astimezone(opens_at.tzinfo).date()).days
    return Opening(
        day="today" if days == 0 else "tomorrow" if days == 1 else "later",
        time=f"{opens_at:%H:%M}",
        date=f"{opens_at:%d/%m}",
        weekday=format_date(opens_at.date(), "EEEE", locale="pt_BR"),
    )
