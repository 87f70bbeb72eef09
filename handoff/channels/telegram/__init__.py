"""Telegram: the Bot API's webhook in, ``sendMessage`` out. Text for now.

Source: Telegram Bot API 10.0.
"""

from handoff.channels.telegram.receiver import TelegramReceiver
from handoff.channels.telegram.sender import TelegramSender

__all__ = ["TelegramReceiver", "TelegramSender"]
