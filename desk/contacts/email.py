"""E-mail addresses in what people write."""

import re

from email_validator import EmailNotValidError, validate_email

_CANDIDATE = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")


def parse_email(text: str) -> str | None:
    """The first valid address in a sentence, in lower case; None when there is none.

    Syntax only (RFC 5321 through email-validator): no look-up, it must work offline.
    """
    for match in _CANDIDATE.finditer(text[:2000]):
        candidate = match.group().strip(".!?*_~").removeprefix("mailto:")
        try:
            return validate_email(candidate, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            continue
    return None
