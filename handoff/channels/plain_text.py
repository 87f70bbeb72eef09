"""Menus where a channel has no buttons."""

from collections.abc import Sequence


def with_numbered_buttons(text: str, buttons: Sequence[dict[str, str]]) -> str:
    """The text with the buttons' titles below it, one a line; menus work by digit or meaning."""
    lines = [f"• {button['title']}" for button in buttons if button["title"] not in text]
    return "\n".join([text, *lines])
