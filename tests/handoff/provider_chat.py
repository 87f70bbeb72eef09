"""A provider's chat from both ends: what is the same whichever provider brought it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.ownership import claim
from desk.conversations.tables import Conversation, Message
from desk.conversations.team_messages import post_agent_message
from desk.media.store import StoredFile, store_file
from desk.team.tables import User
from desk.team.users import find_user
from tests.handoff.serving import Served


class ProviderChat:
    """One person's chat; ``external_chat`` is what the provider calls it."""

    def __init__(self, served: Served, external_chat: str) -> None:
        self.served, self.external_chat = served, external_chat

    @property
    def public_id(self) -> str:
        """The conversation's public id."""

        async def read() -> str:
            async with self.served.database.reading() as session:
                found = await session.get_one(Conversation, await self._conversation_id(session))
                return found.public_id

        return self.served.call(read())

    def claimed(self) -> None:
        """Ana takes the conversation."""

        async def take() -> None:
            async with self.served.database.transaction() as session:
                await claim(session, await self._conversation_id(session), await ana_of(session))

        self.served.call(take())

    def told(self, text: str, *files: tuple[str, bytes], reply_to: int | None = None) -> Message:
        """Ana writes to this person."""

        async def write() -> Message:
            settings = self.served.services.settings
            stored: Sequence[StoredFile] = [
                await store_file(settings.media_dir, data, name, settings.max_upload_bytes)
                for name, data in files
            ]
            async with self.served.database.transaction() as session:
                message = await post_agent_message(
                    session,
                    await self._conversation_id(session),
                    await ana_of(session),
                    text=text,
                    files=stored,
                    reply_to_id=reply_to,
                )
            self.served.services.pulse.beat()
            return message

        return self.served.call(write())

    async def _conversation_id(self, session: AsyncSession) -> int:
        query = select(Conversation.id).where(Conversation.external_chat == self.external_chat)
        return (await session.execute(query)).scalar_one()


async def ana_of(session: AsyncSession) -> User:
    """Ana, of the demo's team."""
    ana = await find_user(session, "ana@demo.ponte")
    assert ana is not None
    return ana
