"""Tables of the search index.

The words are folded and cut in Python (`desk.conversations.search.words`), so that both databases
find the same. On PostgreSQL ``words`` is a tsvector with a GIN index, on SQLite a text that an FTS5
table follows by triggers; these parts, whose names begin with ``fts_``, are made by the migration.
"""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from desk.contacts.tables import Contact
from desk.conversations.tables import Conversation, Message
from desk.db import Base

WORDS = Text().with_variant(TSVECTOR(), "postgresql")


class MessageWords(Base):
    """The words of a message that the team may read."""

    __tablename__ = "message_words"

    message_id: Mapped[int] = mapped_column(
        ForeignKey(Message.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey(Conversation.id, ondelete="CASCADE"), index=True
    )
    words: Mapped[str] = mapped_column(WORDS)


class ContactWords(Base):
    """What a person is found by: name, addresses, phone, companies."""

    __tablename__ = "contact_words"

    contact_id: Mapped[int] = mapped_column(
        ForeignKey(Contact.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[str] = mapped_column(WORDS)
