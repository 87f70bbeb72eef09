"""Secrets of an installation, made once and kept readable by their owner alone."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

SECRET_BYTES = 48
# Without the letters and digits that people mistake for each other when they type.
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet
PASSWORD_GROUPS = 4
PASSWORD_GROUP_LENGTH = 4


def make_private_folder(folder: Path) -> None:
    """Makes a folder that only its owner may enter; an existing one is closed to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Replaces a file as a whole; nobody else can read it at any moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def ensure_secret(path: Path, make: Callable[[], str]) -> str:
    """Reads a secret, after making it when there is none yet."""
    make_private_folder(path.parent)
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if not kept:
        kept = make()
        write_private(path, kept + "\n")
    return kept


def random_secret() -> str:
    """A secret for machines."""
    return secrets.token_urlsafe(SECRET_BYTES)


def random_password() -> str:
    """A password that a person can read out and type (about 79 bits)."""
    groups = (
        "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_GROUP_LENGTH))
        for _ in range(PASSWORD_GROUPS)
    )
    return "-".join(groups)
