"""Our texts as Telegram shows them: *so* becomes strong, as everywhere else.

Entities instead of a parse mode: nothing that somebody writes can break or forge the form.
Source: Telegram Bot API 10.0, ``MessageEntity`` (offsets in UTF-16 units).
"""

import re
from typing import Any

from desk.text import STRONG
from handoff.channels.splitting import units

# An address keeps its asterisks.
_MARKS = re.compile(rf"https?://\S+|{STRONG.pattern}")


def marked(text: str, field: str = "text") -> dict[str, Any]:
    """The fields of a call for a text or caption: the words, and which of them are strong."""
    plain = ""
    entities: list[dict[str, Any]] = []
    end = 0
    text = text.strip()  # Telegram does so, and offsets count from there
    for match in _MARKS.finditer(text):
        strong = match.group(1)
        if strong is None:
            continue
        plain += text[end : match.start()]
        entities.append({"type": "bold", "offset": units(plain), "length": units(strong)})
        plain += strong
        end = match.end()
    fields: dict[str, Any] = {field: plain + text[end:]}
    if entities:
        fields["entities" if field == "text" else f"{field}_entities"] = entities
    return fields
