"""Cursors of lists that go on after a row instead of counting pages."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from desk.db import MAX_KEY
from desk.errors import Invalid


def write_cursor(*values: str | int) -> str:
    """The last row's place, safe in an address."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The values of a cursor, of these types in this order.

    Raises:
        Invalid: it is not one of ours.
    """
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded))
        fits = [type(value) for value in values] == list(kinds)
        numbers = [value for value in values if isinstance(value, int)]
        if not fits or not all(0 <= number <= MAX_KEY for number in numbers):
            raise ValueError("not ours")
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid("cursor", "O cursor não é válido.") from error
    return list(values)
