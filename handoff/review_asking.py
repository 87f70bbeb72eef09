"""What requests to console and API say of the review, and the training data that both read."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sanic import Request
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.tables import Message
from desk.conversations.understanding import REASONS
from desk.db import MAX_SMALL_KEY
from desk.errors import Conflict, Invalid, NotFound
from desk.review.decide import STATES
from desk.review.find import ReviewFilters
from desk.review.people import people_of
from desk.review.quality import TestReport, find_report
from desk.review.stories import story_of
from desk.review.training_data import TrainingData, read_training_data
from desk.settings import Settings
from handoff.bot import BotError
from handoff.i18n import N_, _
from handoff.services import Services, services_of

DESIGNERS = ("designer", "admin")
"""Who decides in the review."""
STORY_READERS = ("designer", "supervisor", "admin")
REASON_LABELS = {
    "fallback": N_("Não entendeu"),
    "repeated": N_("Não entendeu de novo"),
    "unsure": N_("Em dúvida"),
    "handoff": N_("Pessoa logo depois"),
}
STATE_LABELS = {
    "open": N_("A decidir"),
    "done": N_("Decididas"),
    "discarded": N_("Descartadas"),
}


def read_filters(args: Mapping[str, Any], zone: ZoneInfo) -> ReviewFilters:
    """The filters of an address.

    Raises:
        Invalid: one of them is none.
    """
    state = str(args.get("state") or "open")
    reason = str(args.get("reason") or "")
    channel = str(args.get("channel") or "")
    if state not in STATES:
        raise Invalid("state", "Este estado não existe.")
    if reason and reason not in REASONS:
        raise Invalid("reason", "Este motivo não existe.")
    if channel and not (channel.isascii() and channel.isdigit() and int(channel) <= MAX_SMALL_KEY):
        raise Invalid("channel", "Este canal não existe.")
    until = _day(args, "until", zone)
    return ReviewFilters(
        state=state,
        reason=reason,
        intent=str(args.get("intent") or "")[:120],
        channel_id=int(channel) if channel else None,
        since=_day(args, "since", zone),
        until=until + timedelta(days=1) if until else None,
    )


async def training_data(settings: Settings) -> TrainingData:
    """What the assistant is trained on, read anew: somebody may have just edited it."""
    return await asyncio.to_thread(read_training_data, settings.data_dir)


def last_test(settings: Settings) -> TestReport | None:
    """The last `rasa test`, where `make test-nlu` and Rasa's own command leave it."""
    root = settings.data_dir.parent
    return find_report(settings.var_dir / "test-results" / "nlu", root / "results")


async def tell_story(
    services: Services,
    session: AsyncSession,
    public_id: str,
    message_id: int,
    *,
    until_it: bool,
) -> str:
    """A conversation as a test story; ``message_id`` is any of it, with which it may end.

    Raises:
        Conflict: the bot does not answer now.
        NotFound: the bot remembers nothing of this conversation.
    """
    data = await training_data(services.settings)
    people = (await people_of(session, [message_id]))[message_id]
    message = await session.get_one(Message, message_id)
    try:
        events = await services.bot.events(public_id)
    except BotError as error:
        raise Conflict("A assistente não respondeu agora. Tente de novo em instantes.") from error
    day = message.created_at.astimezone(services.settings.zone)
    story = story_of(
        events,
        people,
        name=f"Conversa de {day:%d/%m/%Y %H:%M}",
        slots=data.slots,
        until_message=message_id if until_it else None,
    )
    if not story:
        raise NotFound("A assistente não lembra mais desta conversa.")
    return story


def check_intent(data: TrainingData, intent: str) -> str:
    """An intent that may be assigned.

    Raises:
        Invalid: there is no such one.
    """
    if intent not in data.intents:
        raise Invalid("intent", "Escolha uma intenção que existe.")
    return intent


def labels(texts: Mapping[str, str]) -> dict[str, str]:
    """These labels in the reader's language."""
    return {key: _(text) for key, text in texts.items()}


def suggestions(guesses: Sequence[Sequence[tuple[str, float]]], data: TrainingData) -> list[str]:
    """The intents that the bot itself came nearest to, at most three, the likeliest first."""
    weights: dict[str, float] = {}
    for ranking in guesses:
        for intent, sure in ranking:
            if intent in data.intents:
                weights[intent] = weights.get(intent, 0.0) + sure
    return sorted(weights, key=lambda intent: (-weights[intent], intent))[:3]


def settings_of(request: Request) -> Settings:
    """The running service's settings."""
    return services_of(request).settings


def _day(args: Mapping[str, Any], name: str, zone: ZoneInfo) -> datetime | None:
    value = str(args.get(name) or "")
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
        if not 1900 <= day.year < 2200:
            raise ValueError("out of bounds")
    except ValueError as error:
        raise Invalid(name, "A data deve ser como 2026-01-31.") from error
    return datetime.combine(day, time(), zone).astimezone(UTC)
