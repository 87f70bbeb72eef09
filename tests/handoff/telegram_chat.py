"""One person's chat with the bot over Telegram's webhook and a fake Bot API."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy import update as update_rows

from desk.conversations.tables import Message, MessageMedia
from desk.conversations.team_messages import edit_message
from desk.events.log import by_agent
from desk.media.store import path_of
from desk.media.tables import Media, MediaFetch
from tests.fakes.telegram import pressed, update, words_of
from tests.handoff.provider_chat import ProviderChat, ana_of
from tests.handoff.serving import WEBHOOK_SECRET, Served

PATH = "/channels/telegram/equipe"
people = itertools.count(1001)


class Chat(ProviderChat):
    """One person's chat with the bot."""

    def __init__(self, served: Served, client: httpx.Client) -> None:
        self.client, self.user_id = client, next(people)
        super().__init__(served, str(self.user_id))
        self._numbers = itertools.count(1)

    def deliver(self, body: object, secret: str = WEBHOOK_SECRET) -> httpx.Response:
        """Posts a webhook body."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        return self.client.post(PATH, content=content, headers=headers)

    def write(self, text: str, **message: Any) -> dict[str, Any]:
        """A text as Telegram delivers it; gives the update."""
        sent = update(text, next(self._numbers), self.user_id, **message)
        assert self.deliver(sent).status_code == 200
        return sent

    def press(self, data: str) -> None:
        """Presses a button under a message."""
        assert self.deliver(pressed(self.user_id, data, next(self._numbers))).status_code == 200

    @property
    def sent(self) -> list[dict[str, Any]]:
        """What was sent to this person, whole."""
        return [
            body for body in self.served.telegram.sent if str(body["chat_id"]) == str(self.user_id)
        ]

    @property
    def rows(self) -> list[Message]:
        """All messages of the chat."""
        return self.served.rows(str(self.user_id))

    @property
    def got(self) -> list[str]:
        """What this person got, in order."""
        return [words_of(body) for body in self.sent]

    def states(self) -> list[str]:
        """The states of the messages to this person."""
        return [row.state for row in self.rows if row.direction == "out"]

    def until_states(self, *states: str) -> None:
        """Waits until the messages to this person have these states."""
        self.served.until(lambda: self.states() == list(states), f"{states}")

    def make_due(self) -> None:
        """As if all waits were over."""

        async def write() -> None:
            past = datetime.now(UTC) - timedelta(seconds=1)
            async with self.served.database.transaction() as session:
                await session.execute(
                    update_rows(Message)
                    .where(Message.external_chat == str(self.user_id), Message.due_at.is_not(None))
                    .values(due_at=past)
                )
            self.served.services.pulse.beat()

        self.served.call(write())

    def send(self, **message: Any) -> dict[str, Any]:
        """A message that may have no words; gives the update."""
        return self.write(message.pop("text", ""), **message)

    def numbered(self, number: int, **message: Any) -> dict[str, Any]:
        """The update of a message with this number, not delivered yet."""
        return update(message.pop("text", ""), number, self.user_id, **message)

    @property
    def heard(self) -> list[Message]:
        """The messages of this person."""
        return [row for row in self.rows if row.direction == "in" and row.kind == "message"]

    def until_worked(self, count: int) -> list[Message]:
        """Waits until so many messages of this person had their turn; gives them."""

        def holds() -> bool:
            return [row.state for row in self.heard] == ["done"] * count

        self.served.until(holds, f"{count} turns")
        return self.heard

    def posts(self) -> list[tuple[str, list[str]]]:
        """What went to the bot of this person: words, and names of files."""
        ids = {row.id for row in self.rows}
        return [
            (post.text, [each["name"] for each in post.metadata["attachments"]])
            for post in self.served.rasa.posts
            if post.metadata["message_id"] in ids
        ]

    def files(self, message: Message) -> list[tuple[str, str, bytes]]:
        """The files of a message in their order: name, type, bytes."""

        async def read() -> list[Media]:
            async with self.served.database.reading() as session:
                query = (
                    select(Media)
                    .join(MessageMedia, MessageMedia.media_id == Media.id)
                    .where(MessageMedia.message_id == message.id)
                    .order_by(MessageMedia.position)
                )
                return list((await session.execute(query)).scalars())

        folder = self.served.services.settings.media_dir
        return [
            (media.name, media.mime, path_of(folder, media.sha256).read_bytes())
            for media in self.served.call(read())
        ]

    def fetches(self) -> list[MediaFetch]:
        """Files that are not here yet."""

        async def read() -> list[MediaFetch]:
            async with self.served.database.reading() as session:
                return list((await session.execute(select(MediaFetch))).scalars())

        return self.served.call(read())

    def make_fetches_due(self) -> None:
        """As if all waits were over."""

        async def write() -> None:
            async with self.served.database.transaction() as session:
                past = datetime.now(UTC) - timedelta(seconds=1)
                await session.execute(update_rows(MediaFetch).values(due_at=past))
            self.served.services.pulse.beat()

        self.served.call(write())

    def retold(self, message: Message, text: str) -> None:
        """Ana edits what she wrote."""

        async def write() -> None:
            async with self.served.database.transaction() as session:
                ana = by_agent((await ana_of(session)).id)
                await edit_message(session, message.conversation_id, message.id, text, ana)
            self.served.services.pulse.beat()

        self.served.call(write())
