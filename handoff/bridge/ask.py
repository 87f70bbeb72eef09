"""Ask the bot for its answer to one message, and recover when it fails.

A failed turn is looked up in the tracker: if Rasa holds the message and its turn ended well,
its answer is taken from there (our connection was lost, not the turn). Otherwise the turn is
taken back and posted once more, silently. Desk writes are unique on (message, action), so a
repeated turn changes nothing twice.
"""

import asyncio
import time
from typing import Any

import structlog

from desk.conversations.turns import Turn
from handoff.bot import BotConfused, BotError, BotUnreachable, Item, RasaClient, check_items

_LOOK_SECONDS = 0.5

logger = structlog.get_logger(__name__)


async def ask_bot(
    bot: RasaClient, turn: Turn, text: str, *, uncertain: bool, patience_seconds: float
) -> list[Item]:
    """The items of the turn.

    Args:
        bot: the Rasa server.
        turn: the message and where it stands.
        text: what to post.
        uncertain: the message may have been posted before (its worker died).
        patience_seconds: how long to wait for a bot that is starting or gone.

    Raises:
        BotError: it failed twice, or was not back in time.
    """
    metadata = _metadata(turn)
    if not uncertain:
        try:
            return await bot.post(turn.public_id, text, metadata)
        except BotError as error:
            logger.warning("bot.turn_failed", message_id=turn.message_id, reason=str(error))
    await _wait_until_ready(bot, patience_seconds)
    remembered = await bot.remembered(turn.public_id, turn.message_id)
    if remembered is not None and remembered.ended:
        try:
            check_items(remembered.items)
            return remembered.items
        except BotConfused:
            pass
    await bot.mend(turn.public_id, remembered.undo if remembered is not None else [])
    return await bot.post(turn.public_id, text, metadata)


async def _wait_until_ready(bot: RasaClient, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while not await bot.is_ready():
        if time.monotonic() >= deadline:
            raise BotUnreachable("the bot was not back in time")
        await asyncio.sleep(_LOOK_SECONDS)


def _metadata(turn: Turn) -> dict[str, Any]:
    return {
        **turn.data,
        "message_id": turn.message_id,
        "channel": turn.channel_kind,
        "attachments": turn.attachments,
        "epoch": turn.epoch,
    }
