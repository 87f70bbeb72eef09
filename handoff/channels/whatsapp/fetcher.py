"""Gets the files of customers: the file's address by its id, then the file itself."""

from typing import Any

from desk.channels.tables import Channel
from handoff.channels.whatsapp.graph_api import GraphApi
from handoff.fetching import Unfetchable, too_large
from handoff.outbox import Undeliverable


class WhatsAppFetcher:
    """One for all WhatsApp channels."""

    def __init__(self, api: GraphApi) -> None:
        self._api = api

    async def fetch(self, channel: Channel, reference: dict[str, Any], max_bytes: int) -> bytes:
        """The original bytes.

        Raises:
            TryLater: not now.
            Unfetchable: it is too large for this installation, or gone.
        """
        try:
            found = await self._api.read(channel, str(reference["media_id"]))
            if int(found.get("file_size") or 0) > max_bytes:
                raise too_large(max_bytes)
            data = await self._api.download(channel, str(found["url"]), max_bytes)
        except Undeliverable as refusal:
            raise Unfetchable(str(refusal)) from None
        if len(data) > max_bytes:
            raise too_large(max_bytes)
        return data
