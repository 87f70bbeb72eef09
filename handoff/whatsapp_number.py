"""A WhatsApp number at Meta: whether it can be reached, how it is seen, its approved templates."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from desk.channels.numbers import KIND
from desk.channels.settings import channel_by_id, list_channels, read_secrets
from desk.channels.tables import Channel
from desk.channels.templates import keep_templates, templates_of
from desk.errors import Invalid
from handoff.outbox import TryLater, Undeliverable
from handoff.services import Services

_FIELDS = "display_phone_number,verified_name,quality_rating"
_TEMPLATE_FIELDS = "name,language,status,category,components"
_MOST_PAGES = 50
_FRESH_FOR = timedelta(minutes=1)
_PATIENCE_SECONDS = 4.0

logger = structlog.get_logger(__name__)


class GraphCalls(Protocol):
    """Calls of the Cloud API with a channel's token; they raise TryLater or Undeliverable."""

    async def read(
        self, channel: Channel, node: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What the API tells of a node."""

    async def post(self, channel: Channel, node: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a call."""


@dataclass(frozen=True)
class NumberState:
    """A number as Meta tells it; ``quality``: GREEN, YELLOW, RED, or empty while unknown."""

    phone: str
    name: str
    quality: str


async def connect_whatsapp(services: Services, api: GraphCalls, channel: Channel) -> NumberState:
    """Proves that number and token work, and has Meta send the account's webhooks to the app.

    Raises:
        Invalid: Meta refused, or could not be reached; the words say which.
    """
    state = await number_state(services, api, channel)
    # Where the app is subscribed already, or an admin did it by hand, nothing depends on it.
    with contextlib.suppress(TryLater, Undeliverable):
        await api.post(channel, f"{channel.business_id}/subscribed_apps", {})
    return state


async def number_state(services: Services, api: GraphCalls, channel: Channel) -> NumberState:
    """The number as it stands at Meta now.

    Raises:
        Invalid: it is not registered here, Meta refused, or could not be reached.
    """
    _check_registered(services, channel)
    with _in_words():
        found = await api.read(channel, channel.number_id, {"fields": _FIELDS})
    quality = str(found.get("quality_rating") or "")
    return NumberState(
        str(found.get("display_phone_number") or ""),
        str(found.get("verified_name") or ""),
        "" if quality == "UNKNOWN" else quality,
    )


async def refresh_templates(services: Services, api: GraphCalls, channel: Channel) -> int:
    """Reads the account's templates anew; gives how many are approved.

    Raises:
        Invalid: the number is not registered here, Meta refused, or could not be reached.
    """
    _check_registered(services, channel)
    with _in_words():
        listed = await _all_templates(api, channel)
    async with services.database.transaction() as session:
        return await keep_templates(session, await channel_by_id(session, channel.id), listed)


async def freshen_templates(services: Services, api: GraphCalls) -> None:
    """Reads the templates of all numbers anew where they were not lately; nobody waits for long."""
    async with services.database.reading() as session:
        channels = [each for each in await list_channels(session) if each.kind == KIND]
        stale = [each for each in channels if await _is_stale(session, each)]
    tasks = [refresh_templates(services, api, each) for each in stale]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            for failure in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(failure, Exception):
                    # What was read last is shown; the channel's page tells of the trouble.
                    logger.info("whatsapp.templates_not_read", reason=str(failure))


async def _is_stale(session: AsyncSession, channel: Channel) -> bool:
    if not (channel.enabled and channel.number_id):
        return False
    read = [each.read_at for each in await templates_of(session, channel.id)]
    return not read or datetime.now(UTC) - max(read) > _FRESH_FOR


async def _all_templates(api: GraphCalls, channel: Channel) -> Sequence[Mapping[str, Any]]:
    listed: list[Mapping[str, Any]] = []
    params = {"fields": _TEMPLATE_FIELDS, "limit": "100"}
    for _page in range(_MOST_PAGES):
        answer = await api.read(channel, f"{channel.business_id}/message_templates", params)
        listed += [each for each in answer.get("data") or [] if isinstance(each, dict)]
        paging = answer.get("paging") or {}
        after = (paging.get("cursors") or {}).get("after")
        # The last page may have a cursor, too: behind it is nothing, or the same again.
        if not after or not answer.get("data") or str(after) == params.get("after"):
            break
        params = {**params, "after": str(after)}
    return listed


def _check_registered(services: Services, channel: Channel) -> None:
    if channel.kind != KIND:
        raise Invalid("token", "Só canais do WhatsApp se conectam assim.")
    if not (channel.number_id and read_secrets(channel, services.vault).get("token")):
        raise Invalid("token", "Registre o número e o token antes de conectar.")


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except Undeliverable as refusal:
        raise Invalid("token", "Não conectou: {refusal}.", refusal=refusal) from None
    except TryLater as failure:
        raise Invalid(
            "token", "Não conectou agora: {failure}. Tente de novo em instantes.", failure=failure
        ) from None
