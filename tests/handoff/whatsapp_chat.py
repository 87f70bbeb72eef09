"""One person's chat with the bot over WhatsApp's webhook and a fake Cloud API."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy import update as update_rows

from desk.channels.tables import Channel
from desk.conversations.tables import Message
from tests.desk.building import a_channel
from tests.fakes.whatsapp import (
    BUSINESS_ID,
    NUMBER_ID,
    SECRETS,
    dumped,
    message,
    said,
    signed,
    status,
    webhook,
    words_of,
)
from tests.handoff.provider_chat import ProviderChat
from tests.handoff.serving import Served

SLUG = "zap"
PATH = f"/channels/whatsapp_cloud/{SLUG}"
people = itertools.count(10_001)


def connect_number(served: Served) -> None:
    """The service has a WhatsApp number, once."""

    async def write() -> None:
        async with served.database.transaction() as session:
            query = select(Channel).where(Channel.kind == "whatsapp_cloud")
            if (await session.execute(query)).first() is None:
                channel = await a_channel(session, "whatsapp_cloud", SLUG)
                channel.number_id, channel.business_id = NUMBER_ID, BUSINESS_ID
                channel.secrets = served.services.vault.seal(json.dumps(SECRETS))

    served.call(write())


class WhatsAppChat(ProviderChat):
    """One person's chat with the bot."""

    def __init__(self, served: Served, client: httpx.Client) -> None:
        self.client, self.number = client, f"55119871{next(people)}"
        super().__init__(served, self.number)
        self._count = itertools.count(1)

    def deliver(self, body: object) -> httpx.Response:
        """Posts a webhook body as Meta does."""
        content = dumped(body)
        return self.client.post(PATH, content=content, headers=signed(content))

    def write(self, text: str = "", **more: Any) -> dict[str, Any]:
        """A message as Meta delivers it; gives the webhook."""
        sent = self.written(next(self._count), text, **more)
        assert self.deliver(sent).status_code == 200
        return sent

    def written(self, number: int, text: str = "", **more: Any) -> dict[str, Any]:
        """The webhook of a message, not delivered yet."""
        named = {"id": f"wamid.{self.number}.{number}"}
        return webhook(said(self.number, message(number, text, **{**named, **more})))

    def press(self, button: str, title: str, kind: str = "button_reply") -> None:
        """Chooses a button or row under a message."""
        chosen = {"type": kind, kind: {"id": button, "title": title}}
        self.write(type="interactive", interactive=chosen)

    def tell(self, wamid: str, state: str, **more: Any) -> None:
        """WhatsApp tells what became of a message."""
        assert self.deliver(webhook(status(wamid, state, self.number, **more))).status_code == 200

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What was sent to this person, whole."""
        return [body for body in self.served.whatsapp.sent if body.get("to") == self.number]

    @property
    def got(self) -> list[str]:
        """What this person got, in order."""
        return [words_of(body) for body in self.sent]

    @property
    def rows(self) -> list[Message]:
        """All messages of the chat."""
        return self.served.rows(self.number)

    @property
    def heard(self) -> list[str]:
        """The words of this person, in order."""
        return [row.text for row in self.rows if row.direction == "in" and row.kind == "message"]

    def states(self) -> list[str]:
        """The states of the messages to this person."""
        return [row.state for row in self.rows if row.direction == "out"]

    def until_states(self, *states: str) -> None:
        """Waits until the messages to this person have these states."""
        self.served.until(lambda: self.states() == list(states), f"{states}")

    def make_due(self) -> None:
        """As if all waits were over."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        self._change(Message.due_at.is_not(None), due_at=past)

    def close_window(self, hours: float = 25) -> None:
        """As if this person had written so long ago."""
        self._change(
            Message.direction == "in", created_at=datetime.now(UTC) - timedelta(hours=hours)
        )

    def _change(self, condition: Any, **values: Any) -> None:
        async def write() -> None:
            async with self.served.database.transaction() as session:
                await session.execute(
                    update_rows(Message)
                    .where(Message.external_chat == self.number, condition)
                    .values(**values)
                )
            self.served.services.pulse.beat()

        self.served.call(write())
