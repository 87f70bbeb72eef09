"""Brazilian mobile numbers as WhatsApp writes them: with and without the ninth digit."""

import re

_BRAZILIAN = re.compile(r"(55[1-9][1-9])(9?)([6-9]\d{7})")


def forms_of(number: str) -> tuple[str, ...]:
    """The number as it is, then its other writing where it has one.

    A number is never rewritten: WhatsApp itself knows many only without the ninth digit.
    """
    found = _BRAZILIAN.fullmatch(number)
    if found is None:
        return (number,)
    area, ninth, rest = found.groups()
    return (number, f"{area}{rest}" if ninth else f"{area}9{rest}")
