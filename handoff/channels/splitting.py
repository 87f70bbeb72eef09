"""Long texts in the parts that a channel takes."""

MAX_TEXT_UNITS = 4096
"""Of Telegram, and of WhatsApp."""


def units(text: str) -> int:
    """Length in UTF-16 code units: as Telegram counts it, and never less than characters."""
    return len(text.encode("utf-16-le")) // 2


def split_text(text: str, limit: int = MAX_TEXT_UNITS) -> list[str]:
    """Parts within the limit, cut at the end of a line or word where there is one; at least one."""
    parts: list[str] = []
    rest = text
    while units(rest) > limit:
        head = rest.encode("utf-16-le")[: limit * 2].decode("utf-16-le", "ignore")
        ends = (head.rfind("\n"), head.rfind(" "))
        cut = next((end + 1 for end in ends if end > len(head) // 2), len(head))
        parts.append(rest[:cut])
        rest = rest[cut:]
    # Providers refuse what is blank.
    return [part for part in [*parts, rest] if part.strip()] or [text]
