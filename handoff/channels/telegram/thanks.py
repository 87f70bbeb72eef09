"""Tells Telegram that a pressed button was taken, so that it stops turning."""

import structlog

from desk.channels.tables import Channel
from handoff.channels.telegram.bot_api import BotApi
from handoff.outbox import TryLater, Undeliverable

logger = structlog.get_logger(__name__)


class TelegramThanks:
    """One for all Telegram channels."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    async def thank(self, channel: Channel, receipt: str) -> None:
        """``answerCallbackQuery``; without it the button turns for a while, nothing else."""
        try:
            await self._api.call(channel, "answerCallbackQuery", {"callback_query_id": receipt})
        except (TryLater, Undeliverable) as error:
            logger.info("telegram.not_thanked", reason=str(error))
