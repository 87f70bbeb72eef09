"""What a console says over its socket: what it shows and what is written; and what it is told."""

import json
import time
import uuid
from typing import Any

from sqlalchemy import select

from desk.conversations.access import visible_conversation
from desk.conversations.tables import Conversation
from desk.errors import NotFound
from desk.team.tables import User
from handoff.live import Subscriber
from handoff.presence import MODES, Around
from handoff.services import Services

MOST_CHARS = 500
MOST_WORDS = 60
_WINDOW_SECONDS = 10.0


class Looking:
    """One screen of a person of the team."""

    def __init__(self, services: Services, user: User, subscriber: Subscriber) -> None:
        self._services, self._user, self._subscriber = services, user, subscriber
        self._screen = uuid.uuid4().hex
        self._shown: Conversation | None = None
        self._told = Around()
        self._heard = 0
        self._window_ends = 0.0

    async def hear(self, words: object) -> None:
        """Takes ``{"viewing": id or null}`` and ``{"typing": "messages", "notes" or null}``.

        Whatever else comes is left aside: a page of another version may speak to us.
        """
        said = _read(words) if self._has_room() else {}
        if "viewing" in said:
            await self._show(said["viewing"])
        if "typing" in said and self._shown is not None:
            mode = said["typing"] if said["typing"] in MODES else ""
            self._services.presence.write(self._screen, mode)

    async def stay(self) -> None:
        """Still here; what may not be seen any more is shown no longer."""
        if self._shown is not None:
            await self._show(self._shown.public_id)

    def leave(self) -> None:
        """The screen is gone."""
        self._services.presence.leave(self._screen)
        if self._shown is not None:
            self._services.presence.unwatch(self._shown.id, self._subscriber.wake)
            self._shown = None

    async def news(self) -> dict[str, Any] | None:
        """Who is around in the shown conversation, when that changed."""
        if self._shown is None:
            return None
        around = self._services.presence.around(self._shown.id, self._user.id)
        if around == self._told:
            return None
        self._told = around
        async with self._services.database.reading() as session:
            query = select(User).where(User.id.in_(around.looking)).order_by(User.name)
            people = (await session.execute(query)).scalars().all()
        return {
            "conversation": self._shown.public_id,
            "people": [
                {"name": user.first_name, "writing": user.id in around.writing} for user in people
            ],
            "customer_writes": around.customer_writes,
        }

    async def _show(self, public_id: object) -> None:
        conversation = await self._visible(public_id)
        if self._shown is not None and (conversation is None or conversation.id != self._shown.id):
            self.leave()
        if conversation is None:
            return
        if self._shown is None:
            self._told = Around()
            self._services.presence.watch(conversation.id, self._subscriber.wake)
        self._shown = conversation
        self._services.presence.look(self._screen, self._user.id, conversation.id)
        self._subscriber.wake()

    async def _visible(self, public_id: object) -> Conversation | None:
        if not isinstance(public_id, str):
            return None
        try:
            async with self._services.database.reading() as session:
                return await visible_conversation(session, self._user, public_id)
        except NotFound:
            return None

    def _has_room(self) -> bool:
        """Nobody types that fast: what is too much is not listened to."""
        if (now := time.monotonic()) >= self._window_ends:
            self._heard, self._window_ends = 0, now + _WINDOW_SECONDS
        self._heard += 1
        return self._heard <= MOST_WORDS


def _read(words: object) -> dict[str, Any]:
    if not isinstance(words, str) or len(words) > MOST_CHARS:
        return {}
    try:
        said = json.loads(words)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
