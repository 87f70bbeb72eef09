"""How the console says things in pt-BR: times, sizes, owners, deliveries and events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from desk.events.tables import Event
from desk.states import STATUS_LABELS, Owner

CHANNEL_LABELS = {
    "webchat": "Chat do site",
    "whatsapp_cloud": "WhatsApp",
    "evolution": "WhatsApp",
    "telegram": "Telegram",
    "local": "Terminal",
}

DELIVERIES = {
    "pending": ("clock", "Enviando"),
    "sending": ("clock", "Enviando"),
    "sent": ("check", "Enviada"),
    "delivered": ("checks", "Entregue"),
    "read": ("checks", "Lida"),
    "failed": ("alert", "Falhou"),
    "suppressed": ("alert", "Não enviada: uma pessoa assumiu"),
}
"""Icon and word for the state of an outbound message."""

_MONTHS = (
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`]+", re.IGNORECASE)
_STRONG = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,200}?)(?<=\S)\*(?![\w*])")
_SENTENCE_END = ".,;:!?)]}»”’*_"


def initials(name: str) -> str:
    """First letters of the first and the last name."""
    words = name.split()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")) if words else "?"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """Hour and minute."""
    return at.astimezone(zone).strftime("%H:%M")


def full_time(at: datetime, zone: ZoneInfo) -> str:
    """Day and time in words."""
    local = at.astimezone(zone)
    return f"{local.day} de {_MONTHS[local.month - 1]} de {local.year}, {local:%H:%M}"


def day_name(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Hoje, Ontem, or the date."""
    day, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today:
        return "Hoje"
    if day == today - timedelta(days=1):
        return "Ontem"
    words = f"{day.day} de {_MONTHS[day.month - 1]}"
    return words if day.year == today.year else f"{words} de {day.year}"


def short_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The clock today, the date before."""
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local:%d/%m}" if local.year == now.astimezone(zone).year else f"{local:%d/%m/%Y}"


def duration(since: datetime, now: datetime) -> str:
    """How long somebody has waited, in the largest unit that says enough."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 1:
        return "agora"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60:02d} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def size_name(size_bytes: int) -> str:
    """A file's size."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1024 * 1024:
        return f"{round(size_bytes / 1024)} KB"
    return f"{size_bytes / 1024 / 1024:.1f} MB".replace(".", ",")


@dataclass(frozen=True)
class TextPart:
    """Words; where they lead when they are a link; whether they are strong."""

    text: str
    href: str = ""
    strong: bool = False


def split_text(text: str) -> list[TextPart]:
    """Text as plain, linked and strong parts: *so*, as in WhatsApp, where the same texts go."""
    parts: list[TextPart] = []
    end = 0
    for match in _LINK.finditer(text):
        words = _trim_address(match.group())
        address = words if "://" in words else f"https://{words}"
        if not _has_host(address):
            continue
        parts += _split_strong(text[end : match.start()])
        parts.append(TextPart(words, address))
        end = match.start() + len(words)
    return parts + _split_strong(text[end:])


def _split_strong(text: str) -> list[TextPart]:
    parts: list[TextPart] = []
    end = 0
    for match in _STRONG.finditer(text):
        parts += [TextPart(text[end : match.start()]), TextPart(match.group(1), strong=True)]
        end = match.end()
    parts.append(TextPart(text[end:]))
    return [part for part in parts if part.text]


def _trim_address(words: str) -> str:
    while words and words[-1] in _SENTENCE_END:
        if words[-1] == ")" and words.count("(") >= words.count(")"):
            break
        words = words[:-1]
    return words


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def owner_text(owner: Owner, assignee: str, queue: str, *, mine: bool) -> str:
    """Who answers this conversation now."""
    if owner is Owner.AGENT:
        return "Com você" if mine else f"Com {assignee}"
    if owner is Owner.QUEUE:
        return f"Na fila {queue}" if queue else "Na fila"
    return "Com a assistente virtual"


def event_text(event: Event, names: Mapping[int, str]) -> str:
    """A change of owner or status in words; empty when it needs none."""
    actor = names.get(event.actor_id or 0, "") if event.actor_kind == "agent" else ""
    if event.kind == "conversation.status_changed":
        status = STATUS_LABELS.get(str(event.data.get("after")), "")
        return f"{actor} mudou o status para {status}" if actor else f"Status: {status}"
    after, reason = event.data.get("after"), event.data.get("reason")
    if after == Owner.AGENT.value:
        taken_by = names.get(int(event.data.get("assignee_id") or 0), "Uma pessoa")
        if reason == "assign" and actor and actor != taken_by:
            return f"{actor} passou a conversa para {taken_by}"
        return f"{taken_by} assumiu a conversa"
    if after == Owner.QUEUE.value:
        return f"{actor} pôs a conversa na fila" if actor else "Entrou na fila"
    return "De volta à assistente virtual"
