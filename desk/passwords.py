"""Passwords and tokens: hashed, compared in constant time, never kept in clear.

argon2 takes about 0.4 s of a core, so it runs in a thread.
"""

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_HASHER = PasswordHasher()
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
PROVISIONAL_LENGTH = 12


async def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed; takes as long for a broken hash."""

    def matches() -> bool:
        try:
            return _HASHER.verify(password_hash, password)
        except (Argon2Error, InvalidHashError):
            return False

    return await asyncio.to_thread(matches)


def draw_password() -> str:
    """A provisional password that is easy to type: no look-alike characters, about 69 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(PROVISIONAL_LENGTH))


def draw_token() -> str:
    """A secret of 256 bits for a URL or header."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Tokens are random, so a plain digest is enough to store."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
