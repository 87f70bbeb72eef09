"""Gets the files of customers from the Bot API: ``getFile``, then the file itself."""

from typing import Any

from desk.channels.tables import Channel
from handoff.channels.telegram.bot_api import BotApi, Refused
from handoff.fetching import Unfetchable, too_large


class TelegramFetcher:
    """One for all Telegram channels."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    async def fetch(self, channel: Channel, reference: dict[str, Any], max_bytes: int) -> bytes:
        """The original bytes.

        Raises:
            TryLater: not now.
            Unfetchable: it is too large for bots, or for this installation, or gone.
        """
        if reference["size"] > max_bytes:
            raise too_large(max_bytes)
        try:
            found = await self._api.call(channel, "getFile", {"file_id": reference["file_id"]})
        except Refused as refusal:
            raise Unfetchable(str(refusal)) from None
        if int(found.get("file_size") or 0) > max_bytes:
            raise too_large(max_bytes)
        data = await self._api.download(channel, str(found["file_path"]), max_bytes)
        if len(data) > max_bytes:
            raise too_large(max_bytes)
        return data
