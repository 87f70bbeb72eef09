"""What our buttons carry over WhatsApp, and the way back.

Not a button's payload but its place: only what we offered can be pressed.
"""

import re

from handoff.channels.webhooks import Pressed

_PRESSED = re.compile(r"b:(\d{1,18}):(\d{1,3})")


def button_id(message_id: int, index: int) -> str:
    """The id of a button or row of ours."""
    return f"b:{message_id}:{index}"


def pressed_of(button: str) -> Pressed | None:
    """Which button of ours was chosen; None when it is none of ours."""
    found = _PRESSED.fullmatch(button)
    return Pressed(int(found[1]), int(found[2])) if found else None
