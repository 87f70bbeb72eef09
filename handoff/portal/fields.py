"""Fields of the portal's plain forms."""

import unicodedata

from sanic import Request

MAX_ADDRESS_CHARS = 254
_MAX_SECRET_CHARS = 1024


def read_field(request: Request, name: str, max_chars: int) -> str:
    """A field of a small form, cut at its bound."""
    return str(request.form.get(name) or "")[:max_chars] if request.form else ""


def read_address(request: Request) -> str:
    """The e-mail address."""
    return read_field(request, "email", MAX_ADDRESS_CHARS).strip()


def read_secret(request: Request, name: str) -> str:
    """A password as it is compared: without blanks around it, which come along when copied.

    Devices write the same accented letter in different ways; NFC makes them one.
    """
    return unicodedata.normalize("NFC", read_field(request, name, _MAX_SECRET_CHARS)).strip()
