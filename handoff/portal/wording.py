"""How the portal says things in pt-BR: times, sizes, states, who wrote."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez")
AUTHORS = {"contact": "Você", "agent": "Nossa equipe", "bot": "Assistente virtual"}
SCORES = {1: "Muito ruim", 2: "Ruim", 3: "Regular", 4: "Bom", 5: "Muito bom"}


@dataclass(frozen=True)
class Moment:
    """A time for people and, as ``iso``, for programs."""

    text: str
    iso: str


def moment(at: datetime, zone: ZoneInfo) -> Moment:
    """``21 nov 2026, 18:40``."""
    local = at.astimezone(zone)
    words = f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {local:%H:%M}"
    return Moment(words, local.isoformat(timespec="minutes"))


def size_name(size_bytes: int) -> str:
    """A file's size."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1024 * 1024:
        return f"{round(size_bytes / 1024)} KB"
    return f"{size_bytes / 1024 / 1024:.1f} MB".replace(".", ",")
