"""Telegram: the Bot API's webhook in, its methods out, text and every kind of file.

Source: Telegram Bot API 10.0.
"""

from handoff.channels.telegram.bot_api import BotApi
from handoff.channels.telegram.fetcher import TelegramFetcher
from handoff.channels.telegram.receiver import TelegramReceiver
from handoff.channels.telegram.sender import TelegramSender

__all__ = ["BotApi", "TelegramFetcher", "TelegramReceiver", "TelegramSender"]
