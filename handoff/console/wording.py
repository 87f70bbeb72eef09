"""How the console says things to its reader: times, sizes, owners, deliveries and events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from desk import states
from desk.events.tables import Event
from desk.states import Owner
from desk.text import STRONG
from handoff.i18n import N_, Labels, _, current_locale

CHANNEL_LABELS = Labels(
    {
        "webchat": N_("Chat do site"),
        "whatsapp_cloud": "WhatsApp",
        "evolution": "WhatsApp",
        "telegram": "Telegram",
        "local": N_("Terminal"),
    }
)

STATUS_LABELS = Labels(states.STATUS_LABELS)
_STATUSES = (
    N_("Aberto"),
    N_("Em atendimento"),
    N_("Aguardando"),
    N_("Resolvido"),
    N_("Fechado"),
)
"""The desk's own words, named here once more so that they are found for translation."""

DELIVERIES = {
    "pending": ("clock", N_("Enviando")),
    "sending": ("clock", N_("Enviando")),
    "sent": ("check", N_("Enviada")),
    "delivered": ("checks", N_("Entregue")),
    "read": ("checks", N_("Lida")),
    "failed": ("alert", N_("Falhou")),
    "suppressed": ("alert", N_("Não enviada: uma pessoa assumiu")),
}
"""Icon and word for the state of an outbound message; the word is translated when shown."""

_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`]+", re.IGNORECASE)
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
    return _in_words(at.astimezone(zone), _("d 'de' MMMM 'de' y, HH:mm"))


def day_name(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Hoje, Ontem, or the date."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return _("Hoje")
    if local.date() == today - timedelta(days=1):
        return _("Ontem")
    this_year = local.year == today.year
    return _in_words(local, _("d 'de' MMMM") if this_year else _("d 'de' MMMM 'de' y"))


def short_time(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The clock today, the date before."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return _in_words(local, _("dd/MM") if local.year == today.year else _("dd/MM/y"))


def date_words(day: date, *, year: bool = True) -> str:
    """A date in figures."""
    return format_date(day, _("dd/MM/y") if year else _("dd/MM"), locale=current_locale())


def date_and_clock(at: datetime, zone: ZoneInfo) -> str:
    """A moment in figures, for tables."""
    return f"{date_words(at.astimezone(zone).date())} {clock(at, zone)}"


def _in_words(local: datetime, pattern: str) -> str:
    """A moment by a CLDR pattern; the patterns are translated as any text is."""
    return format_datetime(local, pattern, locale=current_locale())


def duration(since: datetime, now: datetime) -> str:
    """How long somebody has waited, in the largest unit that says enough."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 1:
        return _("agora")
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    hours = minutes // 60
    if hours < 24:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=f"{minutes % 60:02d}")
    return _("{days} d {hours} h").format(days=hours // 24, hours=hours % 24)


def size_name(size_bytes: int) -> str:
    """A file's size."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1024 * 1024:
        return f"{round(size_bytes / 1024)} KB"
    megabytes = round(size_bytes / 1024 / 1024, 1)
    return f"{format_decimal(megabytes, '0.0', locale=current_locale())} MB"


@dataclass(frozen=True)
class TextPart:
    """Words; where they lead when they are a link; whether they are strong or name a colleague."""

    text: str
    href: str = ""
    strong: bool = False
    mention: bool = False


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
    for match in STRONG.finditer(text):
        parts += [TextPart(text[end : match.start()]), TextPart(match.group(1), strong=True)]
        end = match.end()
    parts.append(TextPart(text[end:]))
    return [part for part in parts if part.text]


def _trim_address(words: str) -> str:
    # Counted once: an address of thirty thousand brackets must not hold up everybody's page.
    opening, closing, end = words.count("("), words.count(")"), len(words)
    while end and words[end - 1] in _SENTENCE_END:
        if words[end - 1] == ")":
            if opening >= closing:
                break
            closing -= 1
        end -= 1
    return words[:end]


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def owner_text(owner: Owner, assignee: str, queue: str, *, mine: bool) -> str:
    """Who answers this conversation now."""
    if owner is Owner.AGENT:
        return _("Com você") if mine else _("Com {name}").format(name=assignee)
    if owner is Owner.QUEUE:
        return _("Na fila {queue}").format(queue=queue) if queue else _("Na fila")
    return _("Com a assistente virtual")


def event_text(event: Event, names: Mapping[int, str]) -> str:
    """A change of owner or status in words; empty when it needs none."""
    actor = names.get(event.actor_id or 0, "") if event.actor_kind == "agent" else ""
    if event.kind == "conversation.status_changed":
        status = STATUS_LABELS.get(str(event.data.get("after")), "")
        words = _("{name} mudou o status para {status}") if actor else _("Status: {status}")
        return words.format(name=actor, status=status)
    after, reason = event.data.get("after"), event.data.get("reason")
    if after == Owner.AGENT.value:
        taken_by = names.get(int(event.data.get("assignee_id") or 0), _("Uma pessoa"))
        former = names.get(int(event.data.get("former_assignee_id") or 0), "")
        if reason == "take_over" and former:
            return _("{name} assumiu a conversa de {other}").format(name=taken_by, other=former)
        if reason == "auto_assigned":
            return _("{name} recebeu a conversa da fila").format(name=taken_by)
        if reason == "assign" and actor and actor != taken_by:
            return _("{name} passou a conversa para {other}").format(name=actor, other=taken_by)
        return _("{name} assumiu a conversa").format(name=taken_by)
    if after == Owner.QUEUE.value:
        if reason == "idle":
            return _idle_text(event, names)
        return (
            _("{name} pôs a conversa na fila").format(name=actor) if actor else _("Entrou na fila")
        )
    return _("De volta à assistente virtual")


def _idle_text(event: Event, names: Mapping[int, str]) -> str:
    """Why a rule took a conversation back."""
    name = names.get(int(event.data.get("former_assignee_id") or 0), _("Uma pessoa"))
    if event.data.get("agent_gone"):
        return _("{name} saiu: a conversa voltou à fila").format(name=name)
    return _("{name} demorou a responder: a conversa voltou à fila").format(name=name)
