"""What the web-chat API takes and gives."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from desk.contacts.portal_access import reveal_credentials
from desk.conversations.tables import Conversation
from desk.conversations.thread import MessageView
from desk.text import clean_text
from handoff.media import media_url
from handoff.services import Services

MIN_VISITOR_ID_CHARS = 21
_MIN_DISTINCT_CHARS = 8


class NewSession(BaseModel):
    """Body of POST sessions. ``visitor_id`` is the browser's secret: at least 122 random bits."""

    model_config = ConfigDict(extra="forbid")

    visitor_id: str | None = Field(default=None, max_length=128)
    name: str | None = Field(default=None, max_length=120)

    @field_validator("name", mode="before")
    @classmethod
    def _clean(cls, value: object) -> object:
        """Characters that cannot be stored refuse nobody a conversation."""
        return clean_text(value) if isinstance(value, str) else value

    @field_validator("visitor_id")
    @classmethod
    def _hard_to_guess(cls, value: str | None) -> str | None:
        """A UUID's 122 bits take at least 21 characters."""
        if value is None:
            return None
        if len(value) < MIN_VISITOR_ID_CHARS or len(set(value)) < _MIN_DISTINCT_CHARS:
            raise ValueError("O visitor_id precisa de ao menos 122 bits aleatórios (um UUID v4).")
        return value


class NewMessage(BaseModel):
    """Body of POST messages."""

    model_config = ConfigDict(extra="forbid")

    client_id: UUID
    text: str = ""
    payload: str | None = Field(default=None, max_length=2000)
    reply_to: int | None = None


class EditedMessage(BaseModel):
    """Body of PATCH messages/{id}."""

    model_config = ConfigDict(extra="forbid")

    text: str


class ReadMark(BaseModel):
    """Body of POST read: the newest message that the customer has seen."""

    model_config = ConfigDict(extra="forbid")

    seq: int = Field(ge=0, le=2**31 - 1)


class Typing(BaseModel):
    """Body of POST typing."""

    model_config = ConfigDict(extra="forbid")

    typing: bool = True


async def messages_json(
    session: AsyncSession,
    services: Services,
    conversation: Conversation,
    views: list[MessageView],
) -> dict[str, Any]:
    """Messages as the customer may read them, and where the conversation stands."""
    return {
        "messages": [
            await _message_json(session, services, conversation.public_id, view) for view in views
        ],
        "conversation": {
            "status": conversation.status.value,
            "owner": conversation.owner.value,
        },
    }


async def _message_json(
    session: AsyncSession, services: Services, public_id: str, view: MessageView
) -> dict[str, Any]:
    return {
        "id": view.id,
        "seq": view.seq,
        "direction": view.direction,
        "author": {"kind": view.author_kind, "name": view.author_name},
        "text": await reveal_credentials(session, services.vault, public_id, view.text),
        "attachments": [
            {
                "id": file.id,
                "url": media_url(services, file.id, file.name),
                "mime": file.mime,
                "size": file.size,
                "name": file.name,
                "width": file.width,
                "height": file.height,
            }
            for file in view.attachments
        ],
        "buttons": view.buttons,
        "reply_to": view.reply_to,
        "created_at": view.created_at.isoformat(),
        "edited_at": view.edited_at.isoformat() if view.edited_at else None,
        "deleted": view.deleted,
        "delivery": view.delivery,
    }
