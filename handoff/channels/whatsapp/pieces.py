"""What our messages carry, so that a report on one of them leads back to it.

WhatsApp repeats ``biz_opaque_callback_data`` in every status: a message is recognised even when the
answer to its call was lost.
"""

import re
from dataclasses import dataclass

from desk.conversations.parts import Part

_NAME = re.compile(r"ponte:(\d{1,18}):(\d{1,4}):(\d{1,4}):(text|caption|file)")


@dataclass(frozen=True)
class Named:
    """A piece of a message; ``message_id`` is None when it is not known from which it is."""

    part: Part
    message_id: int | None = None
    several: bool = False


def name_of(message_id: int, position: int, pieces: int, kind: str) -> str:
    """Names a piece."""
    return f"ponte:{message_id}:{position}:{pieces}:{kind}"


def piece_of(name: str, provider_id: str) -> Named:
    """The piece of this name."""
    found = _NAME.fullmatch(name)
    if found is None:
        return Named(Part(0, "text", provider_id))
    message_id, position, pieces = (int(found[group]) for group in (1, 2, 3))
    return Named(Part(position, found[4], provider_id), message_id, pieces > 1)
