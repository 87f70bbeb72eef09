"""What of a customer's message goes to Rasa."""

import re
import unicodedata

from desk.campaigns import stopping
from desk.conversations.fetched_files import MISSING
from desk.conversations.turns import Turn

SEND_MEDIA = "/send_media"
_LEADING_COMMAND = re.compile(r"^[\s/]+")

LEAVE = frozenset({"sair"})
CANCEL = frozenset({"cancelar", "voltar", "voltar ao bot", "voltar para o bot", "voltar pro bot"})


def text_for_bot(turn: Turn, offered: set[str]) -> str:
    """The text to post: commands only from the desk itself or from buttons that were offered.

    Rasa parses a text that starts with ``/`` as an intent, and ``/restart`` as a command.
    """
    if turn.kind == "internal":
        return turn.text
    if turn.payload is not None and turn.payload in offered:
        return turn.payload
    # What the desk noted about files that did not come is for people; the customer was told.
    said = turn.text.removesuffix(turn.data.get(MISSING, "")).rstrip()
    written = said or turn.payload or ""
    if written:
        return _LEADING_COMMAND.sub("", written) or "barra"
    return SEND_MEDIA


def queue_command(text: str) -> str | None:
    """``leave`` or ``cancel`` when a waiting customer says so and nothing else."""
    folded = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = " ".join(re.findall(r"[a-z]+", plain))
    if words in LEAVE:
        return "leave"
    return "cancel" if words in CANCEL else None


def says_stop(turn: Turn) -> bool:
    """Whether a customer's own words may mean: no more campaigns."""
    return turn.kind == "message" and turn.payload is None and stopping.says_stop(turn.text)
